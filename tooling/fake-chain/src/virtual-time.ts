import type { Clock } from '@waiaas/core';

/** A clock and timers that move only when a test says so. */
export interface VirtualTime extends Clock {
  /** Milliseconds that have really passed since it was made, whatever the clock was set to. */
  passed(): number;
  /** Resolves when the clock has moved on by so much, or when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Moves the clock, waking sleepers in the order in which they are due. */
  advance(ms: number): Promise<void>;
  /** Sets the clock and nothing else: timers do not look at it, they run by a clock that never jumps. */
  jumpTo(epochMs: number): void;
  /** Lets the program run, moving the clock to the next sleeper whenever it stands still, until the condition holds. */
  runUntil(condition: () => boolean | Promise<boolean>, maxSteps?: number): Promise<void>;
}

/** Lets everything run that can run without time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Makes a virtual time that starts at a moment. */
export function createVirtualTime(start = Date.UTC(2026, 0, 5, 12)): VirtualTime {
  /** Milliseconds that have really passed. */
  let passed = 0;
  /** What the clock shows is so much ahead of that. */
  let ahead = start;
  const sleepers = new Map<() => void, number>();
  const next = (): [() => void, number] | undefined => [...sleepers].sort(([, a], [, b]) => a - b)[0];

  async function wakeUntil(limit: number): Promise<void> {
    for (let first = next(); first !== undefined && first[1] <= limit; first = next()) {
      const [wake, at] = first;
      passed = Math.max(passed, at);
      wake();
      await settle();
    }
  }

  return {
    now: () => ahead + passed,
    passed: () => passed,
    sleep: (ms, signal) =>
      new Promise<void>((resolve) => {
        const wake = (): void => {
          sleepers.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        if (signal?.aborted === true) return resolve();
        sleepers.set(wake, passed + ms);
        signal?.addEventListener('abort', wake);
      }),
    async advance(ms) {
      const target = passed + ms;
      await settle();
      await wakeUntil(target);
      passed = target;
    },
    jumpTo(epochMs) {
      ahead = epochMs - passed;
    },
    async runUntil(condition, maxSteps = 10_000) {
      for (let step = 0; step < maxSteps; step++) {
        await settle();
        if (await condition()) return;
        const first = next();
        if (first !== undefined) await wakeUntil(first[1]);
      }
      throw new Error('The condition did not come to hold');
    },
  };
}
