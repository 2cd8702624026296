import {
  ChainError,
  type ChainErrorCode,
  isWalletAddress,
  memoProblem,
  nativeAsset,
  type TransferRequest,
} from '@waiaas/core';

/** An error about something that reached nobody. */
export const refusal = (code: ChainErrorCode, message: string, extra: { readonly cause?: unknown } = {}): ChainError =>
  new ChainError({ code, chain: 'solana', message, ...extra, retryable: false, mayHaveLanded: false });

/** Checks an address by its form. @throws ChainError INVALID_ADDRESS */
export function checkAddress(address: string): void {
  if (!isWalletAddress('solana', address)) throw refusal('INVALID_ADDRESS', 'This is no address');
}

/** Checks a payment as the real adapters do. @throws ChainError INVALID_ADDRESS, INVALID_MEMO, BUILD_FAILED */
export function checkRequest({ from, to, amount, memo, token, fee, emptied }: TransferRequest): void {
  checkAddress(from);
  checkAddress(to);
  if (to === token?.address) throw refusal('INVALID_ADDRESS', 'A token cannot be paid to itself');
  if (from === to) throw refusal('INVALID_ADDRESS', 'A wallet cannot pay itself');
  if (amount <= 0n || amount > nativeAsset('solana').max) throw refusal('BUILD_FAILED', 'The amount is out of range');
  if (emptied !== undefined) throw refusal('BUILD_FAILED', 'There are no token accounts here');
  if (fee !== undefined && (fee < 0n || token !== undefined))
    throw refusal('BUILD_FAILED', 'Only native payments name a fee');
  const problem = memo === undefined ? null : memoProblem(memo);
  if (problem !== null) throw refusal('INVALID_MEMO', `The memo ${problem}`);
}
