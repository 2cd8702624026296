import type { NotificationLevel } from '@waiaas/core';

/** Pauses between rounds, seconds; the last one repeats (08 §2.10). */
const ROUTINE = [5, 25, 120, 600, 1800, 3600] as const;
const ALARM = [1, 2, 4, 8, 16, 60, 300, 600] as const;

const HOUR = 3600;
/** Age at which an event that reached nobody is given up, seconds. */
const GIVE_UP = { INFO: 24 * HOUR, WARNING: 24 * HOUR, CRITICAL: 72 * HOUR } as const;
/** Rounds after which the channels that are still missing are given up, when the owner has got it over another one. */
const ROUNDS_ONCE_REACHED = 6;
/** Age at which a webhook that has not taken an event is given up, seconds, whatever the owner has got (08 §2.10). */
const GIVE_UP_HOOK = 72 * HOUR;

/** Pause after so many rounds, seconds. */
export function pauseAfter(rounds: number, level: NotificationLevel): number {
  const pauses = level === 'CRITICAL' ? ALARM : ROUTINE;
  return pauses[Math.min(rounds, pauses.length) - 1] ?? pauses[0];
}

/** Whether an event is not tried any more over a channel that has not taken it. Ages in seconds. */
export function isOver(
  event: { readonly rounds: number; readonly age: number; readonly reached: boolean; readonly isHook: boolean },
  level: NotificationLevel,
): boolean {
  if (event.isHook) return event.age >= GIVE_UP_HOOK;
  return event.reached ? event.rounds >= ROUNDS_ONCE_REACHED : event.age >= GIVE_UP[level];
}
