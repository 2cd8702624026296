import { ChainError, type Clock, type UnsignedTransaction } from '@waiaas/core';

/**
 * Refuses transactions of another chain and those past their time. The clock is a cheap first gate only: block height
 * decides whether something can still land (02 §9).
 * @throws ChainError CHAIN_NOT_SUPPORTED, TRANSACTION_EXPIRED.
 */
export function checkLifetime(transaction: UnsignedTransaction, clock: Clock): void {
  if (transaction.chain !== 'solana') {
    throw new ChainError({
      code: 'CHAIN_NOT_SUPPORTED',
      chain: 'solana',
      message: `This adapter does not handle transactions of ${transaction.chain}`,
      mayHaveLanded: false,
    });
  }
  // Every Solana transaction goes stale; one without a time was not built here.
  if (transaction.expiresAt !== undefined && clock.now() < transaction.expiresAt) return;
  throw new ChainError({
    code: 'TRANSACTION_EXPIRED',
    chain: 'solana',
    message: 'The transaction is too old to be signed',
    details: { expiresAt: transaction.expiresAt ?? null },
    mayHaveLanded: false,
  });
}
