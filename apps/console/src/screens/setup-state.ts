import type { NotificationChannelListResponse } from '@waiaas/sdk';
import type { Policy } from './policy-form.ts';

/** Steps of the set-up, in their order. */
export const STEPS = ['owner', 'agent', 'limits', 'channels', 'session'] as const;
/** A step of the set-up. */
export type Step = (typeof STEPS)[number];

/** What the daemon says of itself; undefined where it has not answered yet. */
export interface SetupFacts {
  readonly hasOwner: boolean | undefined;
  readonly agents: number | undefined;
  readonly channels: NotificationChannelListResponse | undefined;
  readonly sessions: number | undefined;
  /** Whether somebody has looked at the limits: here, or before, since they were changed since. */
  readonly areLimitsSeen: boolean;
}

/** Channels that have reached their end when they were last tried. What was never tried is no way to reach anybody yet. */
export const workingChannels = ({ channels, enabled }: NotificationChannelListResponse): number =>
  enabled ? channels.filter((channel) => channel.enabled && channel.health === 'healthy').length : 0;

/**
 * What of the set-up is done. Channels are, once as many work as the daemon demands: with fewer, the set-up cannot be finished
 * (07 §15 row 13). Whoever wants to do with fewer says so to the daemon, which keeps it in its record.
 */
export function stepsDone(facts: SetupFacts): Readonly<Record<Step, boolean>> {
  const { hasOwner, agents = 0, channels, sessions = 0, areLimitsSeen } = facts;
  return {
    owner: hasOwner === true,
    agent: agents > 0,
    // Whoever has come to the steps after it has been here.
    limits: areLimitsSeen || sessions > 0 || (channels?.channels.length ?? 0) > 0,
    channels: channels !== undefined && workingChannels(channels) >= channels.minChannels,
    session: sessions > 0,
  };
}

/** Where the set-up goes on: at the first step that is not done. */
export const nextStep = (done: Readonly<Record<Step, boolean>>): Step => STEPS.find((step) => !done[step]) ?? 'session';

/** Whether nothing is left to do. */
export const isComplete = (done: Readonly<Record<Step, boolean>>): boolean => STEPS.every((step) => done[step]);

/**
 * The limits that count for agents without some of their own, as the daemon chooses them: of those that are on, those of the
 * highest priority, and of the lower id among equals. Whatever else there is for all agents changes nothing by being changed.
 * @returns null where there are none: every payment needs an approval
 */
export function presentLimits(policies: readonly Policy[]): Policy | null {
  const [first = null] = policies
    .filter(({ type, agentId, enabled }) => type === 'SPENDING_LIMIT' && agentId === null && enabled)
    .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1));
  return first;
}
