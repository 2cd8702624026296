import { type Address, isAddress, isOffCurveAddress } from '@solana/kit';
import { ChainError, type ChainErrorCode, memoProblem, nativeAsset, type TransferRequest } from '@waiaas/core';
import { isNoWallet } from './programs.ts';

/** A payment request whose parts have been checked; addresses are kit's. */
export interface CheckedRequest extends TransferRequest {
  readonly from: Address;
  readonly to: Address;
}

const refuse = (code: ChainErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}): ChainError =>
  new ChainError({ code, chain: 'solana', message, details, retryable: false, mayHaveLanded: false });

/** Whether a text is an address: base58 of exactly 32 bytes. Case matters; nothing is normalised (02 §18). Never throws. */
export const isSolanaAddress = (candidate: unknown): candidate is Address =>
  typeof candidate === 'string' && isAddress(candidate);

/**
 * Checks an address.
 * @throws ChainError INVALID_ADDRESS.
 */
export function requireAddress(candidate: unknown, field: string): Address {
  if (!isSolanaAddress(candidate)) throw refuse('INVALID_ADDRESS', `"${field}" is not a Solana address`, { field });
  return candidate;
}

/** What an adapter allows beyond the rule. */
export interface RequestRules {
  /** Whether a recipient may be an address nobody has a key of: an account of a program, such as a multisig's vault. */
  readonly allowsProgramDerived: boolean;
}

/** Checks what only requests that empty a wallet say. @throws ChainError BUILD_FAILED */
function checkSweep({ from, to, amount, token, memo, fee, emptied }: TransferRequest): void {
  if (fee !== undefined && (typeof fee !== 'bigint' || fee < 0n || token !== undefined)) {
    throw refuse('BUILD_FAILED', 'Only native payments name their fee, in lamports', { field: 'fee' });
  }
  if (emptied === undefined) return;
  if (token === undefined || memo !== undefined || !isSolanaAddress(emptied.account)) {
    throw refuse('BUILD_FAILED', 'An account that is emptied is one of a token', { field: 'emptied' });
  }
  if (amount === 0n && !(emptied.close && from === to)) {
    throw refuse('BUILD_FAILED', 'What closing an account gives back goes to its owner', { field: 'emptied' });
  }
}

/**
 * Checks all that can be checked of a request without asking the network.
 * @throws ChainError INVALID_ADDRESS also for recipients that are no wallets and for payments to oneself, INVALID_MEMO,
 * INVALID_TOKEN, BUILD_FAILED for amounts that are not between 1 and 2^64 − 1 base units.
 */
export function checkRequest(request: TransferRequest, { allowsProgramDerived }: RequestRules): CheckedRequest {
  const from = requireAddress(request.from, 'from');
  const to = requireAddress(request.to, 'to');
  if (isNoWallet(from))
    throw refuse('INVALID_ADDRESS', 'The sender is a program or sysvar, not a wallet', { field: 'from' });
  const closesOnly = request.amount === 0n && request.emptied !== undefined;
  if (from === to && !closesOnly) throw refuse('INVALID_ADDRESS', 'A wallet cannot pay itself', { field: 'to' });
  if (isNoWallet(to))
    throw refuse('INVALID_ADDRESS', 'The recipient is a program or sysvar, not a wallet', { field: 'to' });
  if (!allowsProgramDerived && isOffCurveAddress(to)) {
    throw refuse('INVALID_ADDRESS', 'The recipient is an address of a program, which nobody has a key of', {
      field: 'to',
      reason: 'program_derived',
    });
  }
  checkSweep(request);
  if (typeof request.amount !== 'bigint' || request.amount < 0n || request.amount > nativeAsset('solana').max) {
    throw refuse('BUILD_FAILED', 'An amount must be between 1 and 2^64 - 1 base units', { field: 'amount' });
  }
  if (request.amount === 0n && !closesOnly) {
    throw refuse('BUILD_FAILED', 'An amount must be between 1 and 2^64 - 1 base units', { field: 'amount' });
  }
  if (request.token !== undefined && !isSolanaAddress(request.token.address)) {
    throw refuse('INVALID_TOKEN', 'The token is not named by a Solana address', { field: 'token' });
  }
  if (request.memo !== undefined) {
    const problem = request.memo === '' ? 'must not be empty' : memoProblem(request.memo);
    if (problem !== null) throw refuse('INVALID_MEMO', `The memo ${problem}`, { field: 'memo' });
  }
  return { ...request, from, to };
}
