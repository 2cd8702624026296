import { describe, expect, test } from 'vitest';
import { furtherAssetsOf, nativeLimitsOf, policiesInForce } from './policies-in-force.ts';
import { draftOf, type Policy } from './policy-form.ts';

const AGENT = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01';
const OTHER = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f02';
const AT = '2026-11-22T12:00:00.000Z';
const LIMITS = { instant_max: '1', notify_max: '2', delay_max: '3' };

const policy = (id: string, fields: Partial<Policy> = {}): Policy => ({
  id,
  version: 1,
  agentId: null,
  type: 'RATE_LIMIT',
  rules: { max_tx_per_hour: 1, max_tx_per_day: 1 },
  priority: 0,
  enabled: true,
  createdAt: AT,
  updatedAt: AT,
  authentic: true,
  ...fields,
});
const of = (policies: readonly Policy[], notAuthentic: readonly (string | null)[] = []) => ({
  policies: [...policies],
  notAuthentic: [...notAuthentic],
});

describe('the policy that counts for an agent is the one the daemon takes', () => {
  test.each<[string, readonly Policy[], string | undefined]>([
    ['none where there is none', [], undefined],
    ['one of all agents', [policy('a')], 'a'],
    [
      'its own before one of all, whatever the priority',
      [policy('a', { priority: 9 }), policy('b', { agentId: AGENT })],
      'b',
    ],
    ['never that of another agent', [policy('a', { agentId: OTHER, priority: 9 }), policy('b')], 'b'],
    ['the highest priority', [policy('a'), policy('b', { priority: 1 }), policy('c', { priority: -1 })], 'b'],
    ['the lower id among equals', [policy('b'), policy('a'), policy('c')], 'a'],
    ['nothing that is off', [policy('a', { enabled: false, priority: 9 }), policy('b')], 'b'],
    ['one of all where its own is off', [policy('a', { agentId: AGENT, enabled: false }), policy('b')], 'b'],
  ])('%s', (_, all, id) => {
    for (const listed of [all, all.toReversed()]) {
      expect(policiesInForce(of(listed), AGENT)?.get('RATE_LIMIT')?.id).toBe(id);
    }
  });

  test('each type by itself', () => {
    const list = policy('b', { type: 'WHITELIST', agentId: AGENT, rules: { chain: 'solana', allowed_addresses: [] } });
    const inForce = policiesInForce(of([policy('a', { priority: 5 }), list]), AGENT);
    expect([...(inForce ?? [])].map(([type, { id }]) => [type, id])).toEqual([
      ['RATE_LIMIT', 'a'],
      ['WHITELIST', 'b'],
    ]);
  });
});

test('nothing is in force where somebody else has changed the policies of the agent, or those of all', () => {
  const all = [policy('a'), policy('b', { agentId: AGENT })];
  for (const whose of [[null], [AGENT], [OTHER, null]]) expect(policiesInForce(of(all, whose), AGENT)).toBeNull();
  // Taken away, they are in no list.
  expect(policiesInForce(of([], [AGENT]), AGENT)).toBeNull();
  expect(policiesInForce(of(all, [OTHER]), AGENT)?.get('RATE_LIMIT')?.id).toBe('b');
});

test('the limits of an agent are those of its own native asset, whichever chain the policy is of', () => {
  const draft = draftOf(
    policy('a', {
      type: 'SPENDING_LIMIT',
      rules: {
        ...{ chain: 'solana', ...LIMITS, instant_max: '1000000000' },
        token_limits: { 'ethereum:native': { ...LIMITS, instant_max: '1000000000000000000' }, USDC: LIMITS },
      },
    }),
  );
  expect(nativeLimitsOf(draft, 'solana')?.instant).toBe('1');
  expect(nativeLimitsOf(draft, 'ethereum')?.instant).toBe('1');
  expect(nativeLimitsOf(draft, 'polygon')).toBeNull();
  expect(['solana', 'ethereum', 'polygon'].map((chain) => furtherAssetsOf(draft, chain))).toEqual([2, 2, 3]);
});
