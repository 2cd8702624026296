import { type Address, encodeFunctionData, type Hex, parseAbi, toHex } from 'viem';
import type { CheckedRequest } from './request-check.ts';

const TRANSFER = parseAbi(['function transfer(address to, uint256 amount)']);

/** What a payment asks the chain to do: the fields of its transaction that move money. */
export interface Call {
  readonly to: Address;
  /** Wei. */
  readonly value: bigint;
  readonly data: Hex;
}

/**
 * The call that carries a payment out. Native: the amount goes to the recipient, a memo is the data, in UTF-8. Token:
 * `transfer` of the contract. Everything about the transaction's effect follows from the request, here and nowhere else:
 * what is built and what is checked before signing come from this one function.
 */
export function callOf({ to, amount, memo, token }: CheckedRequest): Call {
  if (token === undefined) return { to, value: amount, data: memo === undefined ? '0x' : toHex(memo) };
  const data = encodeFunctionData({ abi: TRANSFER, functionName: 'transfer', args: [to, amount] });
  return { to: token.address, value: 0n, data };
}
