import { WaiaasError } from '@waiaas/core';

/**
 * How far the stop of the pipeline has come. It has two steps, because what may already be signed gets its time to reach the
 * network between them. Once begun it is never taken back: a stopped pipeline does not start again.
 */
export interface Shutdown {
  /** True from the first step on: nothing new is begun. */
  readonly isStopping: boolean;
  /** @throws WaiaasError SHUTTING_DOWN from the first step on */
  assertRunning(): void;
  /** Aborted at the second step: what follows a transaction or a recall leaves it to the next start. */
  readonly signal: AbortSignal;
  /** The first step. */
  begin(): void;
  /** The second step. */
  endFollowing(): void;
}

/** Makes that of a pipeline which runs. */
export function createShutdown(): Shutdown {
  const following = new AbortController();
  let stopping = false;
  return {
    get isStopping() {
      return stopping;
    },
    assertRunning() {
      if (stopping) throw new WaiaasError('SHUTTING_DOWN');
    },
    signal: following.signal,
    begin() {
      stopping = true;
    },
    endFollowing() {
      following.abort();
    },
  };
}
