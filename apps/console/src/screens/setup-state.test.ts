import type { NotificationChannel } from '@waiaas/sdk';
import { describe, expect, test } from 'vitest';
import type { Policy } from './policy-form.ts';
import { isComplete, nextStep, presentLimits, type SetupFacts, stepsDone, workingChannels } from './setup-state.ts';

const channel = (change: Partial<NotificationChannel> = {}): NotificationChannel => ({
  id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14',
  type: 'NTFY',
  name: 'phone',
  enabled: true,
  priority: 0,
  locale: 'en',
  paired: false,
  config: {},
  health: 'healthy',
  lastCheckAt: '2026-11-22T12:00:00.000Z',
  createdAt: '2026-11-22T12:00:00.000Z',
  updatedAt: '2026-11-22T12:00:00.000Z',
  ...change,
});
const listed = (
  channels: readonly NotificationChannel[],
  change: { enabled?: boolean; minChannels?: number } = {},
) => ({
  channels: [...channels],
  enabled: true,
  reachable: channels.length,
  minChannels: 2,
  ...change,
});
const done = (change: Partial<SetupFacts>) =>
  stepsDone({
    hasOwner: true,
    agents: 1,
    channels: listed([channel(), channel()]),
    sessions: 1,
    areLimitsSeen: true,
    ...change,
  });

describe('the set-up', () => {
  test('is complete with an owner, an agent, limits, two channels that work and a session', () => {
    expect(isComplete(done({}))).toBe(true);
  });

  test.each<[string, Partial<SetupFacts>, string]>([
    ['no owner', { hasOwner: false }, 'owner'],
    ['an owner nobody knows of yet', { hasOwner: undefined }, 'owner'],
    ['no agent', { agents: 0 }, 'agent'],
    ['one channel', { channels: listed([channel()]) }, 'channels'],
    ['channels nobody knows of yet', { channels: undefined }, 'channels'],
    ['a channel that was never tried', { channels: listed([channel(), channel({ health: 'unknown' })]) }, 'channels'],
    ['a channel that fails', { channels: listed([channel(), channel({ health: 'failing' })]) }, 'channels'],
    ['a channel somebody edited', { channels: listed([channel(), channel({ health: 'not_authentic' })]) }, 'channels'],
    ['a channel that is off', { channels: listed([channel(), channel({ enabled: false })]) }, 'channels'],
    [
      'notifications that are off',
      { channels: listed([channel(), channel(), channel()], { enabled: false }) },
      'channels',
    ],
    ['no session', { sessions: 0 }, 'session'],
  ])('goes on, and cannot be finished, with %s', (_, facts, step) => {
    expect(nextStep(done(facts))).toBe(step);
    expect(isComplete(done(facts))).toBe(false);
  });

  test('takes as few channels as the daemon was told to be content with', () => {
    expect(isComplete(done({ channels: listed([channel()], { minChannels: 1 }) }))).toBe(true);
    expect(isComplete(done({ channels: listed([], { minChannels: 0, enabled: false }) }))).toBe(true);
    expect(isComplete(done({ channels: listed([channel(), channel()], { minChannels: 3 }) }))).toBe(false);
  });

  test('goes on behind the limits in another browser, once somebody has been behind them', () => {
    const fresh = { sessions: 0, areLimitsSeen: false } as const;
    expect(nextStep(done({ ...fresh, channels: listed([]) }))).toBe('limits');
    expect(nextStep(done({ ...fresh, channels: listed([channel()]) }))).toBe('channels');
  });

  test('counts a channel twice only if it is there twice', () => {
    expect(workingChannels(listed([channel(), channel({ health: 'unreachable' })]))).toBe(1);
  });
});

const AT = '2026-11-22T12:00:00.000Z';
const limits = (id: string, fields: Partial<Policy> = {}): Policy => ({
  id,
  version: 1,
  agentId: null,
  type: 'SPENDING_LIMIT',
  rules: { chain: 'solana', instant_max: '1', notify_max: '2', delay_max: '3' },
  priority: 0,
  enabled: true,
  authentic: true,
  createdAt: AT,
  updatedAt: AT,
  ...fields,
});

test.each<[string, readonly Policy[], string | undefined]>([
  ['none where there are none', [], undefined],
  ['those that are on', [limits('a', { enabled: false, priority: 9 }), limits('b')], 'b'],
  ['none where all are off', [limits('a', { enabled: false })], undefined],
  ['those of the highest priority', [limits('a'), limits('b', { priority: 5 })], 'b'],
  ['of the lower id among equals', [limits('b'), limits('a')], 'a'],
  ['never those of one agent', [limits('a', { agentId: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01' }), limits('b')], 'b'],
  ['nothing of another kind', [limits('a', { type: 'RATE_LIMIT', priority: 9 }), limits('b')], 'b'],
])('the set-up shows the limits that count for all agents: %s', (_, policies, id) => {
  for (const listed of [policies, policies.toReversed()]) expect(presentLimits(listed)?.id).toBe(id);
});
