import type { Clock } from '@waiaas/core';
import { LRUCache } from 'lru-cache';
import { SlidingWindow, WINDOW_MS } from './sliding-window.ts';

/** Most keys the limiter remembers; the least recently used goes first (06 §1.8). */
export const MAX_KEYS = 10_000;

/** One count that a request must clear. */
export interface Bucket {
  readonly key: string;
  /** Requests per window. */
  readonly limit: number;
}

/** State of the tightest bucket that applied. */
export interface RateLimitState {
  readonly admitted: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Unix seconds at which the oldest counted request leaves the window. */
  readonly reset: number;
  /** Whole seconds until then, at least 1. */
  readonly retryAfter: number;
}

/** Counts requests by key over a sliding minute. In memory, empty after a restart. */
export interface RateLimiter {
  /** Counts a request in every bucket, or in none if one of them is full. */
  admit(base: Bucket | null, endpoint: Bucket | null): RateLimitState;
  /** State of a bucket, counting nothing. */
  inspect(bucket: Bucket): RateLimitState;
  /** Counts a failed sign-in against a key, full or not. */
  charge(key: string): void;
}

/**
 * Makes a rate limiter. A clock that is set back neither frees nor freezes a bucket: the limiter's own time goes on from
 * where it was.
 */
export function createRateLimiter(clock: Clock): RateLimiter {
  const windows = new LRUCache<string, SlidingWindow>({ max: MAX_KEYS });
  let time = Number.NEGATIVE_INFINITY;
  let offset = 0;
  let lastSweep = Number.NEGATIVE_INFINITY;

  const tick = (): number => {
    const wall = Math.floor(clock.now());
    if (wall + offset < time) offset = time - wall;
    time = wall + offset;
    if (time - lastSweep >= WINDOW_MS) sweep();
    return time;
  };

  // Keys nobody asks for any more would otherwise keep their memory until evicted.
  const sweep = (): void => {
    lastSweep = time;
    for (const [key, window] of windows) {
      window.advance(time);
      if (window.total === 0) windows.delete(key);
    }
  };

  const windowOf = (key: string): SlidingWindow => {
    const known = windows.get(key);
    if (known !== undefined) return known;
    const fresh = new SlidingWindow();
    windows.set(key, fresh);
    return fresh;
  };

  const stateOf = (window: SlidingWindow | null, limit: number, now: number, admitted: boolean): RateLimitState => {
    const leaves = (window?.oldest ?? now) + WINDOW_MS;
    return {
      admitted,
      limit,
      remaining: Math.max(0, limit - (window?.total ?? 0)),
      reset: Math.ceil((leaves - offset) / 1000),
      retryAfter: Math.max(1, Math.ceil((leaves - now) / 1000)),
    };
  };

  return {
    admit(base, endpoint) {
      const now = tick();
      const first = base === null ? null : windowOf(base.key);
      const second = endpoint === null ? null : windowOf(endpoint.key);
      first?.advance(now);
      second?.advance(now);
      // The narrower bucket is asked first: its refusal is the one that tells the caller how long to wait.
      if (second !== null && endpoint !== null && second.total >= endpoint.limit)
        return stateOf(second, endpoint.limit, now, false);
      if (first !== null && base !== null && first.total >= base.limit) return stateOf(first, base.limit, now, false);
      first?.add(now);
      second?.add(now);
      const wide = base === null ? null : stateOf(first, base.limit, now, true);
      const narrow = endpoint === null ? null : stateOf(second, endpoint.limit, now, true);
      if (wide !== null && (narrow === null || wide.remaining < narrow.remaining)) return wide;
      return narrow ?? stateOf(null, 0, now, true);
    },
    inspect({ key, limit }) {
      const now = tick();
      const window = windows.peek(key) ?? null;
      window?.advance(now);
      return stateOf(window, limit, now, true);
    },
    charge(key) {
      const now = tick();
      const window = windowOf(key);
      window.advance(now);
      window.add(now);
    },
  };
}
