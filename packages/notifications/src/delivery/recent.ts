import type { Clock } from '@waiaas/core';

/** Events that were told lately: each at most once in a while (05 §2.9). */
export interface RecentEvents {
  /**
   * Takes a key for a notification before it is sent, so that of two at the same moment one goes out.
   * @returns false when another notification has it
   */
  reserve(key: string, notificationId: string): boolean;
  /** Gives a key back whose notification could not be delivered. */
  release(key: string, notificationId: string): void;
}

/** Keys that are remembered at most; the one unused for longest goes first. */
const CAPACITY = 500;

/** Makes an empty memory. @param ttlSeconds how long a key is remembered */
export function createRecentEvents({
  clock,
  ttlSeconds,
}: {
  readonly clock: Clock;
  readonly ttlSeconds: number;
}): RecentEvents {
  const held = new Map<string, { readonly by: string; readonly until: number }>();
  return {
    reserve(key, notificationId) {
      const now = clock.now();
      const present = held.get(key);
      if (present !== undefined && present.by !== notificationId && present.until > now) return false;
      held.delete(key);
      held.set(key, { by: notificationId, until: now + ttlSeconds * 1000 });
      const [oldest] = held.keys();
      if (held.size > CAPACITY && oldest !== undefined) held.delete(oldest);
      return true;
    },
    release(key, notificationId) {
      if (held.get(key)?.by === notificationId) held.delete(key);
    },
  };
}
