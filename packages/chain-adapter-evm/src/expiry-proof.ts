import type { Address } from 'viem';
import type { EvmNode } from './endpoint-pool.ts';
import type { EvmNetwork } from './evm-network.ts';
import { quantityOf, toQuantity } from './rpc-answer.ts';
import { hasReceipt, readBlock, readFinalized } from './transaction-look.ts';

/** Whose transaction it is, and which of its: no two of them land. */
export interface Place {
  readonly sender: Address;
  readonly nonce: bigint;
}

/**
 * Tries to prove at one node that no variant of a transaction can land any more. Cheap first: its nonce has been used at all. Then, in this
 * order: at a finalized block its nonce has been
 * used; only then receipts of all variants are looked up, and there is none; and the node that answered has that block, so that what it
 * does not know did not happen up to there. As a nonce is used once, another transaction has taken its place for good.
 *
 * @returns the number of the finalized block; null when nothing is proven
 * @throws NodeFault
 */
export async function proveExpired(
  node: EvmNode,
  txHashes: readonly string[],
  { sender, nonce }: Place,
  parameters: EvmNetwork,
): Promise<bigint | null> {
  const isUsed = async (block: string): Promise<boolean> => {
    const count = await node.request('eth_getTransactionCount', [sender, block]);
    return quantityOf(count, 'transaction count') > nonce;
  };
  if (!(await isUsed('latest'))) return null;
  const finalized = await readFinalized(node, parameters);
  if (finalized === null || !(await isUsed(toQuantity(finalized.number)))) return null;
  for (const txHash of txHashes) if (await hasReceipt(node, txHash)) return null;
  const again = await readBlock(node, finalized.number);
  return again?.hash === finalized.hash ? finalized.number : null;
}
