import type { Clock } from '@waiaas/core';

/**
 * How long an endpoint that gives no word on a verdict has a say all the same, ms: one that has turned a single request away, or is
 * being started anew, must not leave the word to another one that lies. A dead one must not keep money reserved for ever.
 */
const SAY_MS = 600_000;
/** How long nobody may have asked before its silence begins anew, ms: what has ended is looked up again after ten minutes. */
const PAUSE_MS = 660_000;

/**
 * The silence of one endpoint about verdicts. Only what it was asked about them counts: that it answers a probe does not make it
 * speak, and a failure of long ago, with nobody asking since, does not take its say away.
 */
export interface Silence {
  /** It has given its word on a verdict. */
  broken(): void;
  /**
   * Notes that it was asked in vain, or not asked because it is not well.
   * @returns whether it has a say all the same
   */
  kept(): boolean;
}

/** Creates the silence of one endpoint, which has not begun. */
export function createSilence(clock: Clock): Silence {
  let heard: { readonly begin: number; readonly last: number } | null = null;
  return {
    broken() {
      heard = null;
    },
    kept() {
      const now = clock.now();
      // A clock that was set back tells nothing about how long it has been.
      const goesOn = heard !== null && now >= heard.last && now - heard.last <= PAUSE_MS;
      const begin = goesOn && heard !== null ? heard.begin : now;
      heard = { begin, last: now };
      return now - begin < SAY_MS;
    },
  };
}
