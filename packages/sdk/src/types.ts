import type { TransferRequestBody } from '@waiaas/core';
import type { RetryPolicy } from './retry-policy.ts';

export type {
  AddressResponse,
  BalanceResponse,
  NonceResponse,
  PendingTransactionListResponse,
  TransactionListQuery,
  TransactionListResponse,
  TransactionResponse,
} from '@waiaas/core';

/** How a client reaches its daemon. Everything has a default but the token. */
export interface WAIaaSClientOptions {
  /** Where the daemon listens. Without credentials, query and fragment. Default `http://127.0.0.1:3100`. */
  readonly baseUrl?: string | undefined;
  /** `wai_sess_…`; may be set later. */
  readonly sessionToken?: string | undefined;
  /**
   * Milliseconds one attempt may take. Default 30,000, and 45,000 for `sendToken`, because the daemon waits up to 30
   * seconds for the confirmation of a payment.
   */
  readonly timeout?: number | undefined;
  /** What is not given keeps its default. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Ends all calls of the client. */
  readonly signal?: AbortSignal | undefined;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What may be said with each call. */
export interface RequestOptions {
  /** Ends this call at once, also while it waits to try again. */
  readonly signal?: AbortSignal | undefined;
}

/** What may be said with a payment. */
export interface SendTokenOptions extends RequestOptions {
  /**
   * Makes the payment repeatable: however often a request with the same key arrives, it is paid at most once. 1 to 128
   * printable ASCII characters. Default: a new UUID for each call, kept through its retries.
   */
  readonly idempotencyKey?: string | undefined;
}

/** A payment. */
export interface SendTokenRequest extends Omit<TransferRequestBody, 'amount'> {
  /** Base units (lamports, wei): a bigint or a decimal string. Never a number: money above 2^53 would be rounded. */
  readonly amount: bigint | string;
}

/** How long to wait for a transaction to end. */
export interface WaitForTransactionOptions extends RequestOptions {
  /** Milliseconds in all. Default 120,000. */
  readonly timeout?: number | undefined;
}
