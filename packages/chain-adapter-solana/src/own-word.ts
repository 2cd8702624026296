import type { Blockhash, Signature } from '@solana/kit';
import { isBlockhashAlive, LIFETIME_BLOCKS } from './blockhash-age.ts';
import type { FinalizedTip } from './finalized-tip.ts';
import type { NodeView } from './node-view.ts';

/** Blocks the final chain lags behind the newest block, at most: the newest blockhash there may be of a block so much later. */
const FINALITY_BLOCKS = 40n;
/** What is demanded where the blockhash is not known, so that nothing but the blocks tells that it is over. */
const UNKNOWN_LIFETIME_BLOCKS = 2n * LIFETIME_BLOCKS;

/** A transaction that may be over, as far as is known. */
export interface Ending {
  readonly signature: Signature;
  /** Last block it can land in, by the word of whichever endpoint handed out its blockhash. */
  readonly bound: bigint | undefined;
  /** Of the bytes, where they are at hand. */
  readonly blockhash: Blockhash | null;
}

/**
 * Whether a transaction that an endpoint does not know can no longer land, by the word of that endpoint alone: beside others it
 * depends on none of theirs. The last block may be one that a liar has named, and a blockhash that it calls invalid may be one that
 * it has not come to yet. So it must itself have moved on, since it was first asked about the transaction, by as much as final
 * blocks lag and a blockhash lives: whatever had been signed by then is over by then.
 *
 * @param tip its own
 */
export async function isOverByOwnWord(
  view: NodeView,
  tip: FinalizedTip,
  { signature, bound, blockhash }: Ending,
): Promise<boolean> {
  const first = view.firstHeights.note(signature, tip.blockHeight);
  if (bound !== undefined && tip.blockHeight <= bound) return false;
  const lifetime = blockhash === null ? UNKNOWN_LIFETIME_BLOCKS : LIFETIME_BLOCKS;
  if (tip.blockHeight < first + FINALITY_BLOCKS + lifetime) return false;
  return blockhash === null || !(await isBlockhashAlive(view, blockhash));
}
