import type { SignedVariant } from '@waiaas/core';
import { type Address, isAddressEqual } from 'viem';
import type { AdapterContext } from './adapter-context.ts';
import type { EndpointPool, EvmNode } from './endpoint-pool.ts';
import { NodeFault } from './node-fault.ts';
import { decodePayment, type PaymentFields } from './payment-bytes.ts';
import type { PendingTransaction } from './pending-transactions.ts';
import type { Refuse } from './refuse.ts';
import { quantityOf, UnexpectedAnswer } from './rpc-answer.ts';
import { transferredBy } from './token-transfer.ts';

/** A recorded transaction that the chain has not executed yet. */
export interface InFlight extends PaymentFields {
  readonly txHash: string;
}

/** A wallet as the chain and the record together have it. */
export interface Account {
  /** Wei. */
  readonly balance: bigint;
  /** The first nonce that is free: after what was executed, after what waits in the node's pool, and not recorded. */
  readonly nextNonce: bigint;
  /** How many transactions the chain has executed: the nonce that is due. */
  readonly executed: bigint;
  readonly inFlight: readonly InFlight[];
}

/** One that cannot be read has a nonce nobody knows: nothing is built or signed beside it. @throws ChainError BUILD_FAILED */
function readRecorded(refuse: Refuse, recorded: readonly PendingTransaction[]): readonly InFlight[] {
  return recorded.map(({ txHash, bytes }) => {
    const decoded = decodePayment(bytes);
    if (decoded !== null && decoded.signature !== null) return { ...decoded.fields, txHash };
    throw refuse('BUILD_FAILED', 'A recorded transaction of this wallet cannot be read', { details: { txHash } });
  });
}

/**
 * Reads a wallet: what the chain knows of it, and what is recorded and has not been given up.
 * @param recorded read before this is called: what lands in between is then found to be executed
 * @throws ChainError BUILD_FAILED, RPC_ERROR, NETWORK_ERROR
 */
export async function readAccount(
  { settings, turns, floor }: AdapterContext,
  pool: EndpointPool,
  address: Address,
  recorded: readonly PendingTransaction[],
): Promise<Account> {
  const live = readRecorded(
    settings.refuse,
    recorded.filter(({ txHash }) => !turns.isGivenUp(txHash)),
  );
  return pool.run(async (node) => {
    const account = await askNode(node, address, live, floor.of(address));
    floor.saw(address, account.executed);
    return account;
  });
}

/**
 * The balance is read before the counts: a payment that lands in between is then counted neither as spent
 * nor as in flight, and the node's own check decides; the other way round it would be counted twice.
 * @throws NodeFault
 */
async function askNode(
  node: EvmNode,
  address: Address,
  recorded: readonly InFlight[],
  seenNonce: bigint,
): Promise<Account> {
  const balance = quantityOf(await node.request('eth_getBalance', [address, 'latest']), 'balance');
  const [executed, pooled] = await Promise.all(
    ['latest', 'pending'].map(async (tag) => countOf(await node.request('eth_getTransactionCount', [address, tag]))),
  );
  if (executed === undefined || pooled === undefined) throw new RangeError('Two counts were asked for');
  if (executed < seenNonce) throw lagging(node);
  const inFlight = recorded.filter(({ nonce }) => nonce >= executed);
  const taken = new Set(inFlight.map(({ nonce }) => nonce));
  let nextNonce = executed;
  if (pooled > nextNonce) nextNonce = pooled;
  while (taken.has(nextNonce)) nextNonce += 1n;
  return { balance, nextNonce, executed, inFlight };
}

/** A number of transactions; one that no wallet will ever reach is no answer. */
function countOf(told: unknown): bigint {
  const count = quantityOf(told, 'transaction count');
  if (count > BigInt(Number.MAX_SAFE_INTEGER)) throw new UnexpectedAnswer('transaction count');
  return count;
}

/** A node that knows less than another had told: what it says about nonces would be wrong. */
const lagging = (node: EvmNode): NodeFault =>
  new NodeFault(
    { kind: 'incapable', code: 'RPC_ERROR', message: 'The node is behind', outcome: 'open', retryable: true },
    { host: node.host, method: 'eth_getTransactionCount' },
    new Error('The node is behind'),
  );

/** The largest amount of each nonce, added up: of several transactions with one nonce, only one can land. */
function sumOfLargest(inFlight: readonly InFlight[], amountOf: (transaction: InFlight) => bigint): bigint {
  const largest = new Map<bigint, bigint>();
  for (const transaction of inFlight) {
    const amount = amountOf(transaction);
    if (amount > (largest.get(transaction.nonce) ?? 0n)) largest.set(transaction.nonce, amount);
  }
  let sum = 0n;
  for (const amount of largest.values()) sum += amount;
  return sum;
}

/** What is in flight beside some signed transactions. */
export function without(inFlight: readonly InFlight[], signed: readonly SignedVariant[]): readonly InFlight[] {
  const hashes = new Set(signed.map(({ txHash }) => txHash));
  return inFlight.filter(({ txHash }) => !hashes.has(txHash));
}

/** Most that transactions in flight may still take from a wallet: of the native asset with all fees, and of one token. */
export const committed = (inFlight: readonly InFlight[], token?: Address): { native: bigint; token: bigint } => ({
  native: sumOfLargest(inFlight, ({ value, gas, maxFeePerGas }) => value + gas * maxFeePerGas),
  token:
    token === undefined
      ? 0n
      : sumOfLargest(inFlight, ({ to, data }) => (isAddressEqual(to, token) ? transferredBy(data) : 0n)),
});
