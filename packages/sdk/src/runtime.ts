/** What a client needs of the machine; tests hand in their own. */
export interface Runtime {
  /** Epoch milliseconds: when a session is to be renewed. */
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects at once when the signal is aborted, before or meanwhile. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A number in [0, 1), for the jitter. */
  readonly random: () => number;
}

/** Timers and the random source of the platform. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal.addEventListener('abort', onAbort, { once: true });
    }),
  random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
};
