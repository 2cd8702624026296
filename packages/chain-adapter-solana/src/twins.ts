import { LIFETIME_BLOCKS } from './blockhash-age.ts';
import type { FetchedBlockhash } from './latest-blockhash.ts';

interface Generation {
  readonly lastValidBlockHeight: bigint;
  /** Highest limit given to each payment. */
  readonly limits: Map<string, number>;
}

/**
 * Tells equal payments apart. Two with the same blockhash and the same limit would have the same bytes, hence the same
 * signature, and the network would execute one of them only (02 §9).
 */
export interface TwinRegister {
  /** A compute-unit limit no payment equal to this one has been given with this blockhash: the least from `limit` on. */
  claim(blockhash: FetchedBlockhash, payment: string, limit: number): number;
}

/**
 * Creates the register of one adapter. It outlives connections and is shared by all nodes, because several may hand out the
 * same blockhash. What it knows of a blockhash is dropped once a newer one proves that it is dead.
 */
export function createTwinRegister(): TwinRegister {
  const generations = new Map<string, Generation>();

  const dropDead = (current: FetchedBlockhash): void => {
    for (const [blockhash, { lastValidBlockHeight }] of generations) {
      if (lastValidBlockHeight + LIFETIME_BLOCKS < current.lastValidBlockHeight) generations.delete(blockhash);
    }
  };

  return {
    claim(current, payment, limit) {
      let generation = generations.get(current.blockhash);
      if (generation === undefined) {
        dropDead(current);
        generation = { lastValidBlockHeight: current.lastValidBlockHeight, limits: new Map() };
        generations.set(current.blockhash, generation);
      }
      // Above every earlier one, not only different: what a payment takes, and with it the limit asked for, may vary.
      const claimed = Math.max(limit, (generation.limits.get(payment) ?? 0) + 1);
      generation.limits.set(payment, claimed);
      return claimed;
    },
  };
}
