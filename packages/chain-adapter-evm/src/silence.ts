/**
 * How long an endpoint that does not answer has a say all the same, ms: one that has turned a single request away, or is being
 * started anew, must not leave the word to another one that lies. A dead one must not keep money reserved for ever.
 */
const SAY_MS = 600_000;
/** Longest pause between two questions of one silence, ms: what has ended is looked up every ten minutes at first. */
const PAUSE_MS = 660_000;

/**
 * For how long an endpoint has given no word on what became of payments. Only such questions count: how it does otherwise says
 * nothing of them, neither a fault of long ago nor that it answers others. And only while it is asked: what it would have said when
 * nobody asked is not known.
 */
export interface Silence {
  /** It has given its word. */
  answered(): void;
  /** It was asked and has given none. @returns whether it has a say all the same */
  askedInVain(now: number): boolean;
}

/** Creates the silence of one endpoint, none so far. Times are epoch ms. */
export function createSilence(): Silence {
  let span: { readonly since: number; readonly last: number } | null = null;
  return {
    answered() {
      span = null;
    },
    askedInVain(now) {
      const goesOn = span !== null && now >= span.last && now - span.last <= PAUSE_MS;
      const since = span !== null && goesOn ? span.since : now;
      span = { since, last: now };
      return now - since < SAY_MS;
    },
  };
}
