import { isChainError, type UnsignedTransaction } from '@waiaas/core';
import { blamesNode } from './cluster-node.ts';
import type { NodePool } from './node-pool.ts';
import { Abandoned, raceAbort } from './race-abort.ts';

/** How long the other endpoints are waited for, ms; what they know is asked for anew every few seconds only. */
const PATIENCE_MS = 2_000;

/**
 * Takes for the last block that a transaction can land in what the endpoint that was built at says, or another one where it
 * names a later one for its own newest blockhash, which is that one or a newer. One endpoint that names too low a block would
 * have all others prove an end that has not come. Those that do not answer have no say.
 */
export async function withLastBlock(pool: NodePool, built: UnsignedTransaction): Promise<UnsignedTransaction> {
  const { lastValidBlockHeight: told } = built;
  const well = pool.nodes.filter(({ isWell }) => isWell);
  if (told === undefined || well.length < 2) return built;
  let last = told;
  const asked = well.map(async (node) => {
    try {
      await node.verify();
      const { lastValidBlockHeight } = await node.view.blockhash.get();
      if (lastValidBlockHeight > last) last = lastValidBlockHeight;
    } catch (error) {
      if (blamesNode(error)) node.failed(error);
      else if (!isChainError(error)) throw error;
    }
  });
  try {
    await raceAbort(Promise.all(asked), AbortSignal.any([pool.closed, AbortSignal.timeout(PATIENCE_MS)]));
  } catch (error) {
    if (!(error instanceof Abandoned)) throw error;
  }
  return last === told
    ? built
    : { ...built, lastValidBlockHeight: last, metadata: { ...built.metadata, lastValidBlockHeight: last } };
}
