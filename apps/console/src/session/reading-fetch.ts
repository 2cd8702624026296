/** How long reads may take, milliseconds. */
export interface ReadingTimes {
  /** What the daemon knows by itself: later than this, something hangs. */
  readonly ownMs: number;
  /** What it asks a chain for before it answers. */
  readonly chainMs: number;
}

const TIMES: ReadingTimes = { ownMs: 9_000, chainMs: 25_000 };

const OF_A_CHAIN = /\/(?:assets|budget|dashboard)$/;
/** They go through every row there is, or never end: the client's own time is theirs. */
const LONG = /\/(?:verify|replay|changes)$/;

/**
 * A `fetch` that waits for a read no longer than it may honestly take, so that whoever looks at the page is told of a daemon that
 * hangs within seconds. What changes something is left alone: given up too early, nobody would know whether it was done.
 */
export const createReadingFetch =
  (fetch: typeof globalThis.fetch, { ownMs, chainMs }: ReadingTimes = TIMES): typeof globalThis.fetch =>
  async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const { method = 'GET', signal } = init ?? {};
    if (method !== 'GET' || LONG.test(pathname)) return fetch(input, init);
    const late = AbortSignal.timeout(OF_A_CHAIN.test(pathname) ? chainMs : ownMs);
    return fetch(input, {
      ...init,
      signal: signal === undefined || signal === null ? late : AbortSignal.any([signal, late]),
    });
  };
