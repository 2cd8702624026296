import type { Clock } from '@waiaas/core';

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/**
 * Keeps an endpoint that fails out of the way: each failure in a row pauses it for longer, from one second to a minute, and
 * never for less than it asked for itself. One success ends it.
 */
export interface Breaker {
  /** Whether the endpoint is not paused because of failures. A pause that is over does not make it well: a success does. */
  readonly isClosed: boolean;
  /** Epoch ms from which a paused endpoint is worth another try; 0 when it is not paused. */
  readonly dueAt: number;
  succeeded(): void;
  /** @param askedMs how long the endpoint asked to be left alone, ms */
  failed(askedMs?: number): void;
}

/** Creates the breaker of one endpoint, closed. */
export function createBreaker(clock: Clock): Breaker {
  let failures = 0;
  let dueAt = 0;
  return {
    get isClosed() {
      return failures === 0;
    },
    get dueAt() {
      return dueAt;
    },
    succeeded() {
      failures = 0;
      dueAt = 0;
    },
    failed(askedMs = 0) {
      const now = clock.now();
      // Many calls fail together when an endpoint dies: that is one failure, not many.
      if (failures > 0 && now < dueAt) return;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 20), MAX_PAUSE_MS);
      failures += 1;
      dueAt = now + Math.max(pause, askedMs);
    },
  };
}
