export { WAIaaSClient } from './client.ts';
export { type ClientErrorCode, WAIaaSError, type WAIaaSErrorCode, type WAIaaSErrorFields } from './error.ts';
export type { RetryPolicy } from './retry-policy.ts';
export type { Runtime } from './runtime.ts';
export type {
  AddressResponse,
  BalanceResponse,
  NonceResponse,
  PendingTransactionListResponse,
  RequestOptions,
  SendTokenOptions,
  SendTokenRequest,
  TransactionListQuery,
  TransactionListResponse,
  TransactionResponse,
  WAIaaSClientOptions,
  WaitForTransactionOptions,
} from './types.ts';
