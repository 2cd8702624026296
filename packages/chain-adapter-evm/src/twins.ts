import { TWIN_ROOM } from './fee.ts';

/** Tells equal payments apart. */
export interface Twins {
  /** What to add to the tip of the next payment, wei for each unit of gas. */
  next(): bigint;
}

/** Creates the counter of one adapter: a thousand payments in a row differ, and a repeated one has another nonce by then. */
export function createTwins(): Twins {
  let count = 0n;
  return {
    next() {
      count = (count + 1n) % TWIN_ROOM;
      return count;
    },
  };
}
