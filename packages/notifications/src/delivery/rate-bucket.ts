import type { NotificationChannelType } from '@waiaas/core';

/** A token bucket: so many messages at once, so many a second after that (05 §2.8). Times are epoch ms. */
export interface RateBucket {
  /** Takes a token if there is one. */
  take(now: number): boolean;
  /** When there is a token. */
  nextAt(now: number): number;
}

/** Makes a full bucket. */
export function createRateBucket(
  limit: { readonly capacity: number; readonly perSecond: number },
  now: number,
): RateBucket {
  let tokens = limit.capacity;
  let filledAt = now;
  const refill = (at: number): void => {
    // A clock that runs back fills nothing, and takes nothing away.
    const elapsed = Math.max(0, at - filledAt);
    tokens = Math.min(limit.capacity, tokens + (elapsed / 1000) * limit.perSecond);
    filledAt = at;
  };
  return {
    take(at) {
      refill(at);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    nextAt(at) {
      refill(at);
      return tokens >= 1 ? at : at + Math.ceil(((1 - tokens) / limit.perSecond) * 1000);
    },
  };
}

/** What the services take, by kind (05 §2.8). */
export const RATE_LIMITS: Readonly<Record<NotificationChannelType, { capacity: number; perSecond: number }>> = {
  TELEGRAM: { capacity: 30, perSecond: 30 },
  DISCORD: { capacity: 5, perSecond: 1 },
  NTFY: { capacity: 10, perSecond: 10 },
  SLACK: { capacity: 5, perSecond: 1 },
  WEBHOOK: { capacity: 50, perSecond: 50 },
};
