import { setTimeout as delay } from 'node:timers/promises';

/** Waits; ends early, without an error, when the signal aborts. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Waits in real time. */
export const sleepReal: Sleep = async (ms, signal) => {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    // An aborted wait is over, not failed; the waiter looks at its signal next.
    if (signal?.aborted !== true) throw error;
  }
};
