import type { NotificationChannel } from '@waiaas/sdk';
import { describe, expect, test } from 'vitest';
import { isComplete, nextStep, type SetupFacts, stepsDone, workingChannels } from './setup-state.ts';

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
