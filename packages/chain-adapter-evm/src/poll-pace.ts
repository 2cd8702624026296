const FIRST_MS = 50;
const MAX_FAULT_MS = 10_000;

/** How long to pause between looks. */
export interface PollPace {
  /** Pause after an answer that decided nothing: 50 ms, doubling up to the regular pause. */
  afterAnswer(): number;
  /** Pause after a fault: from 500 ms, doubling up to 10 s, and no shorter than the node asked for. */
  afterFault(askedMs: number): number;
}

/** Creates the pace of one wait: a fast ledger is noticed fast, a slow or ailing one is left in peace (02 §16). */
export function createPollPace(pollMs: number): PollPace {
  let answers = 0;
  let faults = 0;
  return {
    afterAnswer() {
      faults = 0;
      return Math.min(FIRST_MS * 2 ** Math.min(answers++, 20), pollMs);
    },
    afterFault(askedMs) {
      const own = Math.min(Math.min(500, pollMs) * 2 ** Math.min(faults++, 20), MAX_FAULT_MS);
      return Math.max(own, askedMs);
    },
  };
}
