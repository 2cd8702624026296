import type { FetchedBlockhash } from './latest-blockhash.ts';

/** Blocks a blockhash is good for. */
const LIFETIME_BLOCKS = 150n;

interface Generation {
  readonly lastValidBlockHeight: bigint;
  readonly built: Map<string, number>;
}

/**
 * Tells equal payments apart. Two with the same blockhash would have the same bytes, hence the same signature, and the
 * network would execute one of them only (02 §9).
 */
export interface TwinRegister {
  /** How many equal payments were built with this blockhash before. Each call counts as a build. */
  next(blockhash: FetchedBlockhash, payment: string): number;
}

/**
 * Creates the register of one adapter. It outlives connections, because a node may hand out the same blockhash after a
 * reconnect. Counters are dropped once a newer blockhash proves that theirs is dead.
 */
export function createTwinRegister(): TwinRegister {
  const generations = new Map<string, Generation>();

  const dropDead = (current: FetchedBlockhash): void => {
    for (const [blockhash, { lastValidBlockHeight }] of generations) {
      if (lastValidBlockHeight + LIFETIME_BLOCKS < current.lastValidBlockHeight) generations.delete(blockhash);
    }
  };

  return {
    next(current, payment) {
      let generation = generations.get(current.blockhash);
      if (generation === undefined) {
        dropDead(current);
        generation = { lastValidBlockHeight: current.lastValidBlockHeight, built: new Map() };
        generations.set(current.blockhash, generation);
      }
      const before = generation.built.get(payment) ?? 0;
      generation.built.set(payment, before + 1);
      return before;
    },
  };
}
