import { decodeFunctionResult, encodeFunctionData, parseAbi, toHex } from 'viem';
import type { EvmNode } from './endpoint-pool.ts';
import { dataOf, UnexpectedAnswer } from './rpc-answer.ts';

/** Where chains of the OP stack tell what the layer below charges for a transaction's data. */
const ORACLE = '0x420000000000000000000000000000000000000F';
const ABI = parseAbi(['function getL1Fee(bytes data) view returns (uint256)']);

/**
 * Fee for a transaction's data on the layer below, wei, with a quarter on top because it moves with that layer's prices
 * until the transaction lands. Charged beside gas; the oracle itself allows for the signature.
 * @throws NodeFault
 */
export async function readDataFee(node: EvmNode, unsigned: Uint8Array): Promise<bigint> {
  const data = encodeFunctionData({ abi: ABI, functionName: 'getL1Fee', args: [toHex(unsigned)] });
  const answer = dataOf(await node.request('eth_call', [{ to: ORACLE, data }, 'latest']), 'data fee');
  try {
    return (decodeFunctionResult({ abi: ABI, functionName: 'getL1Fee', data: answer }) * 5n + 3n) / 4n;
  } catch {
    throw new UnexpectedAnswer('data fee');
  }
}
