import type { FeePriority } from '@waiaas/core';
import type { EvmNode } from './endpoint-pool.ts';
import { NodeFault } from './node-fault.ts';
import { listOf, quantityOf, recordOf, toQuantity } from './rpc-answer.ts';

/** What gas costs now, wei for each unit. */
export interface FeeMarket {
  /** Base fee of the next block; burnt, the same for everybody. */
  readonly baseFee: bigint;
  /** Tips that recent blocks were content with. */
  readonly tips: Readonly<Record<FeePriority, bigint>>;
}

/** How many blocks are looked back on. */
const BLOCKS = 10;
/** Of the tips in a block: what the cheapest tenth, half and nine tenths stayed below. */
const PERCENTILES = [10, 50, 90];
/** Where a node cannot tell what tips are paid (02 §19.2). */
const FALLBACK_TIP = 2_000_000_000n;

const median = (values: readonly bigint[]): bigint | undefined =>
  [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))[Math.floor(values.length / 2)];

/** The tips of the blocks that had any transaction; a block without one says nothing about tips. */
function tipsOf(rewards: readonly unknown[], column: number): bigint {
  const tips = rewards.map((reward) => quantityOf(listOf(reward, 'reward')[column], 'reward'));
  return median(tips.filter((tip) => tip > 0n)) ?? 0n;
}

/** From the fees of recent blocks. */
async function fromHistory(node: EvmNode): Promise<FeeMarket> {
  const history = recordOf(await node.request('eth_feeHistory', [toQuantity(BLOCKS), 'latest', PERCENTILES]), 'fees');
  const baseFee = quantityOf(listOf(history.baseFeePerGas, 'base fees').at(-1), 'base fee');
  const rewards = listOf(history.reward, 'rewards');
  return { baseFee, tips: { low: tipsOf(rewards, 0), medium: tipsOf(rewards, 1), high: tipsOf(rewards, 2) } };
}

/** From the last block alone, for nodes that keep no history of fees. */
async function fromLastBlock(node: EvmNode): Promise<FeeMarket> {
  const block = recordOf(await node.request('eth_getBlockByNumber', ['latest', false]), 'block');
  const baseFee = quantityOf(block.baseFeePerGas, 'base fee');
  let tip = FALLBACK_TIP;
  try {
    tip = quantityOf(await node.request('eth_maxPriorityFeePerGas', []), 'tip');
  } catch (error) {
    // A tip that cannot be had makes a payment slow at worst (02 §3).
    if (!(error instanceof NodeFault) || error.fault.kind === 'endpoint') throw error;
  }
  // The next block may ask for an eighth more.
  return { baseFee: baseFee + baseFee / 8n + 1n, tips: { low: tip, medium: tip, high: tip } };
}

/** Reads what gas costs. */
export async function readFeeMarket(node: EvmNode): Promise<FeeMarket> {
  try {
    return await fromHistory(node);
  } catch (error) {
    if (!(error instanceof NodeFault) || error.fault.kind === 'endpoint') throw error;
    return await fromLastBlock(node);
  }
}
