import { type ChainError, type ChainErrorCode, type ErrorCode, GIVEN_UP, isChainError } from '@waiaas/core';
import type { Refusal } from './refusal.ts';

/** The catalogue's code for a chain error (02 §4); everything else is a CHAIN_ERROR. */
const CODES: Readonly<Partial<Record<ChainErrorCode, ErrorCode>>> = {
  INSUFFICIENT_BALANCE: 'INSUFFICIENT_BALANCE',
  INVALID_ADDRESS: 'INVALID_ADDRESS',
  INVALID_MEMO: 'VALIDATION_ERROR',
  INVALID_TOKEN: 'INVALID_TOKEN_MINT',
  UNSUPPORTED_TOKEN: 'UNSUPPORTED_TOKEN',
  INSUFFICIENT_TOKEN_BALANCE: 'INSUFFICIENT_TOKEN_BALANCE',
  TOKEN_ACCOUNT_FROZEN: 'SIMULATION_FAILED',
  CHAIN_NOT_SUPPORTED: 'CHAIN_NOT_SUPPORTED',
  TRANSACTION_EXPIRED: 'TX_EXPIRED',
  SOLANA_BLOCKHASH_EXPIRED: 'TX_EXPIRED',
};

const detailsOf = (error: ChainError) => ({ ...error.details, chain: error.chain, chainCode: error.code });

/** Whether bytes that were handed in before cannot land any more: all have refused them since, and nobody has got them. */
export const isGivenUp = (error: unknown): boolean =>
  isChainError(error) && !error.mayHaveLanded && error.details?.reason === GIVEN_UP;

/** What a failure before anything was sent means for the requester. Nothing was paid, so asking again is safe. */
export function chainRefusal(error: unknown): Refusal {
  if (!isChainError(error)) return { code: 'INTERNAL_ERROR', token: 'INTERNAL_ERROR', retryable: false };
  const code = CODES[error.code] ?? 'CHAIN_ERROR';
  return {
    code,
    token: error.code,
    reason: error.message,
    message: error.message,
    details: detailsOf(error),
    retryable: error.retryable,
  };
}
