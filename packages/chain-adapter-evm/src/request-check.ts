import { memoProblem, type TokenInfo, type TransferRequest } from '@waiaas/core';
import { type Address, getAddress, isAddress, isAddressEqual } from 'viem';
import type { Refuse } from './refuse.ts';

/** A payment request whose parts have been checked; addresses carry their checksum. */
export interface CheckedRequest extends Omit<TransferRequest, 'token'> {
  readonly from: Address;
  readonly to: Address;
  readonly token?: TokenInfo & { readonly address: Address };
}

const U256_MAX = 2n ** 256n - 1n;
/** Precompiles and what chains keep for their own contracts: nobody has a key of these. */
const RESERVED_MAX = 0xffffn;

/** Whether a text is an address: 0x and 40 hex digits; mixed case must be the checksum of EIP-55 (02 §18). Never throws. */
export const isEvmAddress = (candidate: unknown): candidate is Address =>
  typeof candidate === 'string' && isAddress(candidate);

/**
 * Checks an address and gives it its checksum.
 * @throws ChainError INVALID_ADDRESS.
 */
export function requireAddress(refuse: Refuse, candidate: unknown, field: string): Address {
  if (!isEvmAddress(candidate))
    throw refuse('INVALID_ADDRESS', `"${field}" is not an EVM address`, { details: { field } });
  return getAddress(candidate);
}

const isReserved = (address: Address): boolean => BigInt(address) <= RESERVED_MAX;

/**
 * Checks all that can be checked of a request without asking the network.
 * @throws ChainError INVALID_ADDRESS also for recipients that are no wallets and for payments to oneself, INVALID_MEMO also
 * for a memo on a token transfer, which has no place for one, INVALID_TOKEN, BUILD_FAILED for amounts that are not between
 * 1 and 2^256 − 1.
 */
export function checkRequest(refuse: Refuse, request: TransferRequest): CheckedRequest {
  const { amount, memo } = request;
  const from = requireAddress(refuse, request.from, 'from');
  const to = requireAddress(refuse, request.to, 'to');
  const badRecipient = (message: string) => refuse('INVALID_ADDRESS', message, { details: { field: 'to' } });
  if (isAddressEqual(from, to)) throw badRecipient('A wallet cannot pay itself');
  if (isReserved(to)) throw badRecipient('The recipient is an address of the chain itself, not a wallet');
  if (typeof amount !== 'bigint' || amount <= 0n || amount > U256_MAX) {
    throw refuse('BUILD_FAILED', 'An amount must be between 1 and 2^256 - 1', { details: { field: 'amount' } });
  }
  if (memo !== undefined) {
    const problem = memo === '' ? 'must not be empty' : memoProblem(memo);
    if (problem !== null) throw refuse('INVALID_MEMO', `The memo ${problem}`, { details: { field: 'memo' } });
  }
  const { token, ...rest } = request;
  if (request.emptied !== undefined || (request.fee !== undefined && token !== undefined)) {
    throw refuse('BUILD_FAILED', 'There are no token accounts on this chain, and only native payments name a fee');
  }
  if (request.fee !== undefined && (typeof request.fee !== 'bigint' || request.fee < 0n)) {
    throw refuse('BUILD_FAILED', 'A fee must be a number of base units', { details: { field: 'fee' } });
  }
  if (token === undefined) return { ...rest, from, to };
  if (!isEvmAddress(token.address)) {
    throw refuse('INVALID_TOKEN', 'The token is not an EVM address', { details: { field: 'token' } });
  }
  const contract = getAddress(token.address);
  if (isAddressEqual(contract, to)) throw badRecipient('Tokens sent to their own contract are lost');
  if (isAddressEqual(contract, from)) {
    throw refuse('INVALID_ADDRESS', 'A token cannot pay with itself', { details: { field: 'from' } });
  }
  if (memo !== undefined) {
    throw refuse('INVALID_MEMO', 'A token transfer on this chain cannot carry a memo', { details: { field: 'memo' } });
  }
  return { ...rest, from, to, token: { ...token, address: contract } };
}
