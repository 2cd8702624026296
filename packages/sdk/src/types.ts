import type { SessionConstraints, Tier, TransactionStatus, TransferRequestBody } from '@waiaas/core';
import type { AutoRenew } from './auto-renew.ts';
import type { RetryPolicy } from './retry-policy.ts';

export type {
  AddressResponse,
  AdminStatusResponse,
  AgentBudgetResponse,
  AgentCreate,
  AgentDetailResponse,
  AgentListResponse,
  AgentSummary,
  AssetsResponse,
  AuditEntry,
  AuditLogResponse,
  AuditVerification,
  AutoStopRule,
  AutoStopRuleCreate,
  AutoStopRuleDeleteResponse,
  AutoStopRuleListResponse,
  AutoStopRuleUpdate,
  BalanceHistoryResponse,
  BalancePeriod,
  BalanceResponse,
  BudgetResponse,
  Change,
  ChangeBatch,
  DashboardResponse,
  DeadLetter,
  DeadLetterListResponse,
  DecisionRecordResponse,
  DryRunResponse,
  KillSwitchResponse,
  MasterPasswordChangeResponse,
  NonceResponse,
  NotificationChannel,
  NotificationChannelCreate,
  NotificationChannelDeleteResponse,
  NotificationChannelListResponse,
  NotificationChannelResponse,
  NotificationChannelTestResponse,
  NotificationChannelUpdate,
  NotificationLogEntry,
  NotificationLogResponse,
  OwnerApproveResponse,
  OwnerChangeResponse,
  OwnerConnectResponse,
  OwnerDisconnectResponse,
  OwnerRejectResponse,
  OwnerStatusResponse,
  OwnerTransaction,
  OwnerTransactionListResponse,
  PendingApproval,
  PendingApprovalListResponse,
  PendingTransactionListResponse,
  PolicyCreate,
  PolicyDeleteResponse,
  PolicyEvaluationBody,
  PolicyEvaluationResponse,
  PolicyListResponse,
  PolicyResponse,
  PolicyUpdate,
  RecallListResponse,
  RecallRequestBody,
  RecallResponse,
  RecoverResponse,
  RecoveryAddressResponse,
  Redeliver,
  RedeliverResponse,
  Redelivery,
  ReplayResponse,
  SecretRotationResponse,
  SessionConstraints,
  SessionCreateResponse,
  SessionListResponse,
  SessionRenewResponse,
  SessionRevokeResponse,
  SettingsResponse,
  SettingsUpdate,
  SettingsUpdateResponse,
  ShutdownResponse,
  TelegramUnpairResponse,
  TelegramVerifyResponse,
  TransactionListQuery,
  TransactionListResponse,
  TransactionResponse,
} from '@waiaas/core';

/** How a client reaches its daemon. Everything has a default. */
export interface ConnectionOptions {
  /** Where the daemon listens. Without credentials, query and fragment. Default `http://127.0.0.1:3100`. */
  readonly baseUrl?: string | undefined;
  /** Milliseconds one attempt may take. Default 30,000. */
  readonly timeout?: number | undefined;
  /** Ends all calls of the client. */
  readonly signal?: AbortSignal | undefined;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What an agent's client is made from. Everything has a default but the token. */
export interface WAIaaSClientOptions extends ConnectionOptions {
  /** `wai_sess_…`; may be set later. */
  readonly sessionToken?: string | undefined;
  /**
   * Milliseconds one attempt may take. Default 30,000, and 45,000 for `sendToken`, because the daemon waits up to 30
   * seconds for the confirmation of a payment.
   */
  readonly timeout?: number | undefined;
  /** What is not given keeps its default. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Renews the session before it ends, between two calls. Default: never. */
  readonly autoRenew?: AutoRenew | undefined;
}

/** What an operator's client is made from. */
export interface WAIaaSOperatorClientOptions extends ConnectionOptions {
  /** How reading is tried again. What changes something is sent once. What is not given keeps its default. */
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** What may be said with each call. */
export interface RequestOptions {
  /** Ends this call at once, also while it waits to try again. */
  readonly signal?: AbortSignal | undefined;
}

/** Which budget to ask for. */
export interface BudgetOptions extends RequestOptions {
  /** The mint or contract; default: the native asset. */
  readonly tokenMint?: string | undefined;
}

/** What may be said with a payment. */
export interface SendTokenOptions extends RequestOptions {
  /**
   * Makes the payment repeatable: however often a request with the same key arrives, it is paid at most once. 1 to 128
   * printable ASCII characters. Default: a new UUID for each call, kept through its retries.
   */
  readonly idempotencyKey?: string | undefined;
}

/** A payment: of the native asset, or with `tokenMint` of a token. */
export interface SendTokenRequest extends Omit<TransferRequestBody, 'amount'> {
  /** Base units of what is paid (lamports, wei): a bigint or a decimal string. Never a number: money above 2^53 would be rounded. */
  readonly amount: bigint | string;
}

/** How long to wait for a transaction to end. */
export interface WaitForTransactionOptions extends RequestOptions {
  /** Milliseconds in all. Default 120,000. */
  readonly timeout?: number | undefined;
}

/** A new session. */
export interface SessionRequest {
  readonly agentId: string;
  /** Seconds, 300 to 604,800. Default: 86,400 when an owner opens it, the daemon's own when an operator does. */
  readonly expiresIn?: number | undefined;
  readonly constraints?: SessionConstraints | undefined;
}

/** Which sessions to list. */
export interface SessionQuery {
  readonly agentId?: string | undefined;
  /** Default false: those that are over, too. */
  readonly active?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** Which rows of the audit log to list. Everything given narrows the list. */
export interface AuditQuery {
  readonly event?: string | undefined;
  readonly severity?: 'info' | 'warning' | 'critical' | undefined;
  readonly actor?: string | undefined;
  readonly agentId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly transactionId?: string | undefined;
  /** First moment, ISO 8601, inclusive. */
  readonly from?: string | undefined;
  /** Last moment, exclusive. */
  readonly to?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** Which attempts to tell the owner something to list. Everything given narrows the list. */
export interface NotificationLogQuery {
  readonly channelId?: string | undefined;
  /** Such as `TX_FAILED`. */
  readonly event?: string | undefined;
  readonly status?: 'DELIVERED' | 'FAILED' | 'RATE_LIMITED' | 'ALL_FAILED' | undefined;
  /** A transaction or a session. */
  readonly referenceId?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** Which events that a webhook has not taken to list. */
export interface DeadLetterQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** Which payments of all agents to list. Everything given narrows the list. */
export interface OwnerTransactionQuery {
  readonly agentId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly status?: TransactionStatus | undefined;
  readonly tier?: Tier | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** Which waiting payments to list. */
export interface PendingApprovalQuery {
  readonly agentId?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}
