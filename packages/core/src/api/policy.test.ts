import { describe, expect, test } from 'vitest';
import { presetRules } from '../spending-limit.ts';
import { policyCreateSchema, policyUpdateSchema } from './policy.ts';

const rules = presetRules('conservative', 'solana');
const AGENT = '0192f3a1-7c4d-7abc-9def-000000000001';
const creates = (change: object): boolean =>
  policyCreateSchema.safeParse({ type: 'SPENDING_LIMIT', rules, ...change }).success;
const updates = (body: unknown): boolean => policyUpdateSchema.safeParse(body).success;

describe('a new policy', () => {
  test('is global, of priority 0 and enabled unless it says otherwise', () => {
    expect(policyCreateSchema.parse({ type: 'SPENDING_LIMIT', rules })).toEqual({
      type: 'SPENDING_LIMIT',
      rules,
      priority: 0,
      enabled: true,
    });
    expect(creates({ agentId: AGENT, priority: -5, enabled: false })).toBe(true);
  });

  test.each(['WHITELIST', 'TIME_RESTRICTION', 'RATE_LIMIT', 'spending_limit', 'AUTO_STOP', undefined])(
    'of type %s is refused: it would not be enforced',
    (type) => expect(creates({ type })).toBe(false),
  );

  test.each([{ id: AGENT }, { version: 1 }, { dailyMax: '1' }, { confirm: true }])(
    'with the unknown key of %j is refused',
    (extra) => {
      expect(creates(extra)).toBe(false);
    },
  );

  test.each([
    { agentId: 'all' },
    { agentId: null },
    { priority: 0.5 },
    { priority: Number.NaN },
    { priority: '1' },
    { enabled: 'false' },
    { enabled: 0 },
    { rules: JSON.stringify(rules) },
    { rules: {} },
    { rules: { ...rules, instant_max: `${BigInt(rules.notify_max) + 1n}` } },
    { rules: { ...rules, instant_max: 'abc' } },
  ])('with %j is refused', (change) => expect(creates(change)).toBe(false));
});

describe('a change of a policy', () => {
  test.each([{ rules }, { priority: 3 }, { enabled: false }, { enabled: false, confirm: true }])(
    '%# is taken',
    (body) => {
      expect(updates(body)).toBe(true);
    },
  );

  test.each([
    {},
    { confirm: true },
    { rules, type: 'SPENDING_LIMIT' },
    { rules, agentId: AGENT },
    { rules: { ...rules, x: 1 } },
    null,
  ])('that changes nothing, or what never changes, is refused (%#)', (body) => expect(updates(body)).toBe(false));
});
