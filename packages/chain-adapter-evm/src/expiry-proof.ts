import type { EvmNode } from './endpoint-pool.ts';
import type { EvmNetwork } from './evm-network.ts';
import { findNonceUser, isNonceUsed, type Place } from './nonce-user.ts';
import { hasReceipt, readBlock, readFinalized } from './transaction-look.ts';

/** A nonce that another transaction than those that were asked about has for good. */
export interface NonceTaken {
  /** The final block at which it had been used. */
  readonly finalizedBlockHeight: bigint;
  /** Hash of that transaction, if it is the same payment all the same. */
  readonly samePayment: string | null;
}

/**
 * Tries to prove at one node that none of the known variants of a transaction can land any more. Cheap first: its nonce has
 * been used at all. Then, in this order: at a finalized block its nonce has been used; only then receipts of all variants are
 * looked up, and there is none; the transaction that has used the nonce is found, and is none of them; and the node that
 * answered has that block, so that what it does not know did not happen up to there.
 *
 * That nobody knows the variants is not enough: a record that is older than the last of them, as after a backup was put back,
 * would call a payment expired that was made.
 *
 * @returns null when nothing is proven
 * @throws NodeFault
 */
export async function proveNonceTaken(
  node: EvmNode,
  txHashes: readonly string[],
  place: Place,
  parameters: EvmNetwork,
): Promise<NonceTaken | null> {
  if (!(await isNonceUsed(node, place, 'latest'))) return null;
  const finalized = await readFinalized(node, parameters);
  if (finalized === null || !(await isNonceUsed(node, place, finalized.number))) return null;
  for (const txHash of txHashes) if (await hasReceipt(node, txHash)) return null;
  let samePayment: string | null = null;
  if (place.call !== null) {
    const user = await findNonceUser(node, place, place.call, finalized.number);
    if (user === null || txHashes.includes(user.txHash)) return null;
    if (user.isSame) samePayment = user.txHash;
  }
  const again = await readBlock(node, finalized.number);
  return again?.hash === finalized.hash ? { finalizedBlockHeight: finalized.number, samePayment } : null;
}
