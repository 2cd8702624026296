import type { Commitment, TransactionStatusReport } from '@waiaas/core';
import type { EvmNode } from './endpoint-pool.ts';
import type { EvmNetwork } from './evm-network.ts';
import { hashOf, quantityOf, recordOf, toQuantity, UnexpectedAnswer } from './rpc-answer.ts';

/** What a node tells of a transaction, and its fee once it was executed, wei. */
export interface TransactionLook {
  readonly status: TransactionStatusReport;
  readonly fee?: bigint;
}

interface Receipt {
  readonly blockNumber: bigint;
  readonly blockHash: string;
  readonly succeeded: boolean;
  readonly fee: bigint;
}

const STATUS_SUCCESS = 1n;

/** A receipt as nodes tell it; the fee for data on the layer below is a field of its own where there is one. */
function readReceipt(told: unknown, txHash: string): Receipt {
  const fields = recordOf(told, 'receipt');
  if (hashOf(fields.transactionHash, 'transaction hash') !== txHash)
    throw new UnexpectedAnswer('receipt of this transaction');
  const status = quantityOf(fields.status, 'status');
  if (status > STATUS_SUCCESS) throw new UnexpectedAnswer('status');
  const gas = quantityOf(fields.gasUsed, 'gas used') * quantityOf(fields.effectiveGasPrice, 'gas price');
  const data = fields.l1Fee === undefined || fields.l1Fee === null ? 0n : quantityOf(fields.l1Fee, 'data fee');
  return {
    blockNumber: quantityOf(fields.blockNumber, 'block number'),
    blockHash: hashOf(fields.blockHash, 'block hash'),
    succeeded: status === STATUS_SUCCESS,
    fee: gas + data,
  };
}

/** A block as far as it matters here. */
export interface BlockId {
  readonly number: bigint;
  readonly hash: string;
}

/** A block by its number or tag; null when the node does not have it. @throws NodeFault */
export async function readBlock(node: EvmNode, which: bigint | 'finalized'): Promise<BlockId | null> {
  const tag = typeof which === 'bigint' ? toQuantity(which) : which;
  const told = await node.request('eth_getBlockByNumber', [tag, false]);
  if (told === null) return null;
  const fields = recordOf(told, 'block');
  return { number: quantityOf(fields.number, 'block number'), hash: hashOf(fields.hash, 'block hash') };
}

/** The last block that can no longer vanish; null when the node cannot tell yet. @throws NodeFault */
export async function readFinalized(node: EvmNode, { finality }: EvmNetwork): Promise<BlockId | null> {
  if (finality.kind === 'tag') return await readBlock(node, 'finalized');
  const head = quantityOf(await node.request('eth_blockNumber', []), 'block number');
  const number = head - BigInt(finality.blocks) + 1n;
  return number < 0n ? null : await readBlock(node, number);
}

/** A receipt; null when the node has none. @throws NodeFault */
export async function hasReceipt(node: EvmNode, txHash: string): Promise<boolean> {
  return (await node.request('eth_getTransactionReceipt', [txHash])) !== null;
}

/**
 * Looks a transaction up. How deep it is counts from blocks of the node's present chain: a receipt of a block that the chain
 * has left behind is as good as none (02 §19.2).
 * @throws NodeFault
 */
export async function lookUp(node: EvmNode, txHash: string, parameters: EvmNetwork): Promise<TransactionLook> {
  const told = await node.request('eth_getTransactionReceipt', [txHash]);
  if (told === null) return { status: { state: 'not_found' } };
  const { blockNumber, blockHash, succeeded, fee } = readReceipt(told, txHash);
  const head = quantityOf(await node.request('eth_blockNumber', []), 'block number');
  const landed = (commitment: Commitment): TransactionLook => ({
    status: {
      state: 'landed',
      commitment,
      blockNumber,
      error: succeeded ? null : 'The transaction was executed and reverted',
    },
    fee,
  });
  // A node whose head is before the receipt's block is one of several behind one address: no depth can be told.
  const depth = head - blockNumber + 1n;
  if (depth < BigInt(parameters.confirmations)) return landed('processed');
  if ((await readBlock(node, blockNumber))?.hash !== blockHash) return landed('processed');
  const finalized = await readFinalized(node, parameters);
  return landed(finalized !== null && finalized.number >= blockNumber ? 'finalized' : 'confirmed');
}
