import { decodeFunctionData, type Hex, parseAbi } from 'viem';

const ABI = parseAbi(['function transfer(address to, uint256 amount)']);

/** Base units that a call of a token contract transfers; 0 when it is no transfer. */
export function transferredBy(data: Hex): bigint {
  try {
    return decodeFunctionData({ abi: ABI, data }).args[1];
  } catch {
    // Some other call, or none.
    return 0n;
  }
}
