import { type Address, concat, type Hex, hexToBigInt, numberToHex, pad, size, slice } from 'viem';
import type { EvmNode } from './endpoint-pool.ts';
import { dataOf } from './rpc-answer.ts';

/**
 * A program that takes a token, a recipient and an amount, transfers that amount from the address it runs at, and returns
 * the recipient's and its own balance before, then after. Compiled by solc 0.8.37 for London, optimised, from:
 *
 * ```yul
 * object "BalanceProbe" { code {
 *   function balanceOf(token, owner) -> amount {
 *     mstore(0, 0x70a0823100000000000000000000000000000000000000000000000000000000)
 *     mstore(4, owner)
 *     if iszero(staticcall(gas(), token, 0, 36, 0, 32)) { revert(0, 0) }
 *     if lt(returndatasize(), 32) { revert(0, 0) }
 *     amount := mload(0)
 *   }
 *   let token := calldataload(0)
 *   let to := calldataload(32)
 *   mstore(128, balanceOf(token, to))
 *   mstore(192, balanceOf(token, address()))
 *   mstore(0, 0xa9059cbb00000000000000000000000000000000000000000000000000000000)
 *   mstore(4, to)
 *   mstore(36, calldataload(64))
 *   if iszero(call(gas(), token, 0, 0, 68, 0, 0)) {
 *     returndatacopy(0, 0, returndatasize())
 *     revert(0, returndatasize())
 *   }
 *   mstore(160, balanceOf(token, to))
 *   mstore(224, balanceOf(token, address()))
 *   return(128, 128)
 * } }
 * ```
 */
const PROBE: Hex =
  '0x602035600035600d82826063565b608052601830826063565b60c05263a9059cbb60e01b6000528160045260403560245260008060448180855af1156059576048605192826063565b60a05230906063565b60e052608080f35b3d6000803e3d6000fd5b6024600080926020946370a0823160e01b83526004525afa15608c5760203d10608c5760005190565b600080fd';

/** Whom the call comes from: nobody, so that the payer's address can have a program for its duration. */
const NOBODY = '0x0000000000000000000000000000000000000001';

/** What a transfer changes, base units. */
export interface BalanceChange {
  readonly received: bigint;
  readonly paid: bigint;
}

const word = (answer: Hex, index: number): bigint => hexToBigInt(slice(answer, index * 32, index * 32 + 32));

/**
 * Runs a token transfer at a node without sending it, and tells what it would change: by putting a program in the payer's
 * place for one call (a state override, which the common nodes all have).
 * @returns null when the node cannot do that
 * @throws NodeFault when the transfer would be reverted, or the node fails
 */
export async function probeTransfer(
  node: EvmNode,
  {
    from,
    token,
    to,
    amount,
  }: { readonly from: Address; readonly token: Address; readonly to: Address; readonly amount: bigint },
  timeoutMs: number,
): Promise<BalanceChange | null> {
  const data = concat([pad(token), pad(to), numberToHex(amount, { size: 32 })]);
  const call = { from: NOBODY, to: from, data };
  const answer = dataOf(
    await node.request('eth_call', [call, 'latest', { [from]: { code: PROBE } }], timeoutMs),
    'result',
  );
  // A node that ignores the override calls a wallet, which returns nothing.
  if (size(answer) !== 128) return null;
  return { received: word(answer, 1) - word(answer, 0), paid: word(answer, 2) - word(answer, 3) };
}
