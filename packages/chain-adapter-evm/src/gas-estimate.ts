import type { Address } from 'viem';
import type { Call } from './call-of.ts';
import type { EvmNode } from './endpoint-pool.ts';
import { gasLimitOf } from './fee.ts';
import { NodeFault } from './node-fault.ts';
import { quantityOf, toQuantity } from './rpc-answer.ts';

/** For a call that would fail anyway: a usual figure for a token transfer to a new holder. The simulation says why it fails. */
const REVERTED_GAS = 100_000n;

/**
 * Gas limit of a call: the node's estimate and some room. A wallet that holds too little is estimated as if it sent
 * nothing, so that a fee can be quoted to a wallet yet to be funded.
 * @throws NodeFault
 */
export async function estimateGasLimit(node: EvmNode, from: Address, { to, value, data }: Call): Promise<bigint> {
  const ask = async (wei: bigint): Promise<bigint> =>
    quantityOf(await node.request('eth_estimateGas', [{ from, to, value: toQuantity(wei), data }]), 'gas estimate');
  try {
    return gasLimitOf(await ask(value));
  } catch (error) {
    if (!(error instanceof NodeFault)) throw error;
    if (error.fault.revertReason !== undefined) return REVERTED_GAS;
    if (error.fault.code !== 'INSUFFICIENT_BALANCE' || value === 0n) throw error;
  }
  try {
    return gasLimitOf(await ask(0n));
  } catch (error) {
    if (error instanceof NodeFault && error.fault.revertReason !== undefined) return REVERTED_GAS;
    throw error;
  }
}
