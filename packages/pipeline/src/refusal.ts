import { type AnyDetails, type ErrorCode, errorEntry, isErrorCode, WaiaasError } from '@waiaas/core';
import { readMetadata, type TransactionRow } from '@waiaas/storage';

/**
 * Why a transaction ended without paying, as it is stored with the row: the error its requester gets, now and at every
 * repetition under the same Idempotency-Key (04 §8).
 */
export interface Refusal {
  readonly code: ErrorCode;
  /** Token written into the row's `error` column, such as SESSION_LIMIT_PER_TX or ONCHAIN_FAILURE (04 §4.2). */
  readonly token: string;
  /** More than the token, for people. */
  readonly reason?: string;
  /** Replaces the catalogue's message. */
  readonly message?: string;
  readonly details?: AnyDetails;
  /** Whether asking again, with a new Idempotency-Key, may help. */
  readonly retryable?: boolean;
}

/** Text of the `error` column. */
export const errorColumn = (refusal: Refusal): string =>
  refusal.reason === undefined ? refusal.token : `${refusal.token}: ${refusal.reason}`;

const readRefusal = (row: TransactionRow): Partial<Refusal> => {
  const { refusal } = readMetadata(row);
  return typeof refusal === 'object' && refusal !== null ? refusal : {};
};

/**
 * The error that a transaction that did not pay is answered with. Under an Idempotency-Key it is never retryable: the
 * key stays bound to this outcome, and a new attempt needs a new key.
 *
 * @param replayed whether an earlier request under the same key came to this
 */
export function refusalError(row: TransactionRow, replayed = false): WaiaasError {
  const refusal = readRefusal(row);
  const code = refusal.code !== undefined && isErrorCode(refusal.code) ? refusal.code : 'TX_ALREADY_PROCESSED';
  return new WaiaasError<ErrorCode>(code, {
    ...(refusal.message === undefined ? {} : { message: refusal.message }),
    details: {
      ...refusal.details,
      transactionId: row.id,
      status: row.status,
      error: row.error,
      ...(replayed ? { replayed } : {}),
    },
    retryable: row.idempotency_key === null && (refusal.retryable ?? errorEntry(code).retryable),
  });
}
