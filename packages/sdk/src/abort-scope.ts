/** The end of an undertaking by its callers or by its deadline, whichever comes first. */
export interface AbortScope {
  /** Aborted when the undertaking must end. */
  readonly signal: AbortSignal;
  /** Who ended it; null while it may go on. */
  readonly endedBy: 'caller' | 'deadline' | null;
  /** Stops the timer and takes every listener off the callers' signals. Call it on every way out. */
  close(): void;
}

/**
 * Joins signals and a deadline. `AbortSignal.any` would do the same, but leaves traces on a caller's long-lived signal
 * for as long as that lives.
 * @param signals undefined ones are skipped
 * @param deadline milliseconds from now; undefined for none
 */
export function openAbortScope(signals: readonly (AbortSignal | undefined)[], deadline?: number): AbortScope {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  let endedBy: AbortScope['endedBy'] = null;
  const end = (by: 'caller' | 'deadline'): void => {
    endedBy ??= by;
    controller.abort();
  };
  const onAbort = (): void => end('caller');
  for (const signal of given) signal.addEventListener('abort', onAbort);
  if (given.some((signal) => signal.aborted)) end('caller');
  const timer = deadline === undefined ? undefined : setTimeout(() => end('deadline'), deadline);
  return {
    signal: controller.signal,
    get endedBy() {
      return endedBy;
    },
    close() {
      clearTimeout(timer);
      for (const signal of given) signal.removeEventListener('abort', onAbort);
    },
  };
}
