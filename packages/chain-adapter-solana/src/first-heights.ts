import type { Signature } from '@solana/kit';

/** Far more than can be under way at once. What is dropped and asked about again only takes longer to be proven over. */
const CAPACITY = 10_000;

/** How high the final chain of one endpoint was when it was first asked about a transaction. */
export interface FirstHeights {
  /**
   * Notes that it is asked about a transaction while its final chain is this high.
   * @returns how high it was when it was first asked
   */
  note(signature: Signature, blockHeight: bigint): bigint;
}

/** Creates the memory of one endpoint. It does not survive a restart: what is asked about after one is waited for anew. */
export function createFirstHeights(): FirstHeights {
  const heights = new Map<Signature, bigint>();
  return {
    note(signature, blockHeight) {
      const first = heights.get(signature);
      if (first !== undefined) return first;
      heights.set(signature, blockHeight);
      const [oldest] = heights.keys();
      if (heights.size > CAPACITY && oldest !== undefined) heights.delete(oldest);
      return blockHeight;
    },
  };
}
