import { type Address, isAddressEqual } from 'viem';
import type { Call } from './call-of.ts';
import type { EvmNode } from './endpoint-pool.ts';
import { NodeFault } from './node-fault.ts';
import { addressOf, dataOf, hashOf, listOf, quantityOf, recordOf, toQuantity } from './rpc-answer.ts';

/** Whose transaction it is, and which of its: no two of them land. */
export interface Place {
  readonly sender: Address;
  readonly nonce: bigint;
  /** What it does; null where its bytes are gone, and nobody asks whether another one does the same. */
  readonly call: Call | null;
}

/** The transaction of a wallet that has a nonce for good. */
export interface NonceUser {
  readonly txHash: string;
  /** Whether it is the same payment: to the same address, of the same amount, with the same data, whatever it offered. */
  readonly isSame: boolean;
}

/** Whether a wallet had used a nonce once a block was executed. @throws NodeFault, also when the node no longer has that state */
export async function isNonceUsed(node: EvmNode, { sender, nonce }: Place, block: bigint | 'latest'): Promise<boolean> {
  const tag = block === 'latest' ? block : toQuantity(block);
  return quantityOf(await node.request('eth_getTransactionCount', [sender, tag]), 'transaction count') > nonce;
}

/**
 * Finds the transaction that has used the nonce of a payment. Nodes cannot be asked that, but how many transactions a wallet
 * had made at a block. Backwards in growing steps first, as most nodes keep the state of the last blocks only.
 *
 * @param usedBy a final block by which it had been used
 * @returns null when no transaction of the wallet has it, which the node has not explained then
 * @throws NodeFault, also when the node no longer has the state of that time
 */
export async function findNonceUser(
  node: EvmNode,
  place: Place,
  call: Call,
  usedBy: bigint,
): Promise<NonceUser | null> {
  const used = await findBlockOfUse(node, place, usedBy);
  const block = recordOf(await node.request('eth_getBlockByNumber', [toQuantity(used), true]), 'block');
  for (const told of listOf(block.transactions, 'transactions')) {
    const transaction = recordOf(told, 'transaction');
    if (!isAddressEqual(addressOf(transaction.from, 'sender'), place.sender)) continue;
    if (quantityOf(transaction.nonce, 'nonce') !== place.nonce) continue;
    return { txHash: hashOf(transaction.hash, 'transaction hash'), isSame: isSamePayment(transaction, call) };
  }
  return null;
}

/** `reason` in the details of what a node cannot tell because it no longer has the state of that time. */
export const STATE_GONE = 'STATE_GONE';

const gone = (why: NodeFault): NodeFault =>
  new NodeFault({ ...why.fault, details: { ...why.fault.details, reason: STATE_GONE } }, why, why);

/** Where the block in which a nonce was used can be. */
interface Span {
  /** It was used once this one was executed. */
  readonly used: bigint;
  /** It was not used once this one was executed, or the node cannot tell. */
  readonly before: bigint;
  /** Why the node cannot tell. */
  readonly fault: NodeFault | null;
}

/** The block in which a nonce was used. */
async function findBlockOfUse(node: EvmNode, place: Place, usedBy: bigint): Promise<bigint> {
  // Before the first block nothing was used.
  let span: Span = { used: usedBy, before: -1n, fault: null };
  for (let step = 1n; span.used - step > span.before; step *= 2n) {
    span = await narrow(node, place, span, span.used - step);
  }
  while (span.used - span.before > 1n) span = await narrow(node, place, span, (span.used + span.before) / 2n);
  if (span.fault !== null) throw gone(span.fault);
  return span.used;
}

async function narrow(node: EvmNode, place: Place, span: Span, block: bigint): Promise<Span> {
  try {
    if (await isNonceUsed(node, place, block)) return { ...span, used: block };
    return { ...span, before: block, fault: null };
  } catch (error) {
    if (!(error instanceof NodeFault) || error.fault.kind !== 'incapable') throw error;
    return { ...span, before: block, fault: error };
  }
}

function isSamePayment(told: Readonly<Record<string, unknown>>, { to, value, data }: Call): boolean {
  // One that creates a contract goes to nobody.
  if (told.to === undefined || told.to === null) return false;
  return (
    isAddressEqual(addressOf(told.to, 'recipient'), to) &&
    quantityOf(told.value, 'value') === value &&
    dataOf(told.input, 'data').toLowerCase() === data.toLowerCase()
  );
}
