/** Faults in a row after which an endpoint is left alone (08 §2.6.1). */
const THRESHOLD = 3;
const FIRST_PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 120_000;

/** Keeps calls away from an endpoint that does not work. */
export interface Breaker {
  /**
   * `closed`: it works. `trial`: it has been left alone long enough, and one call may try it. `open`: leave it alone.
   * Asking for a trial takes it: the next one who asks is told `open` until it has ended.
   */
  ask(now: number): 'closed' | 'trial' | 'open';
  succeeded(): void;
  failed(now: number): void;
  /** When it may be tried next, epoch ms; 0 while it works. */
  readonly until: number;
}

/** Creates the breaker of one endpoint: three faults in a row open it for 5 s, each failed trial for twice as long, up to 2 min. */
export function createBreaker(): Breaker {
  let faults = 0;
  let until = 0;
  let pause = FIRST_PAUSE_MS;
  return {
    get until() {
      return until;
    },
    ask(now) {
      if (until === 0) return 'closed';
      if (now < until) return 'open';
      // Should the trial never be reported, another one may be made later.
      until = now + pause;
      return 'trial';
    },
    succeeded() {
      faults = 0;
      until = 0;
      pause = FIRST_PAUSE_MS;
    },
    failed(now) {
      faults += 1;
      if (faults < THRESHOLD) return;
      pause = faults === THRESHOLD ? FIRST_PAUSE_MS : Math.min(pause * 2, MAX_PAUSE_MS);
      until = now + pause;
    },
  };
}
