export type { AutoRenew } from './auto-renew.ts';
export { WAIaaSClient } from './client.ts';
export { type ClientErrorCode, WAIaaSError, type WAIaaSErrorCode, type WAIaaSErrorFields } from './error.ts';
export { WAIaaSOperatorClient } from './operator-client.ts';
export type { EthereumProvider, LocalAccount } from './owner/ethereum-signer.ts';
export { WAIaaSOwnerClient, type WAIaaSOwnerClientOptions } from './owner/owner-client.ts';
export { type AnySigner, type OwnerSigner, toOwnerSigner } from './owner/owner-signer.ts';
export type { MessageModifyingSigner, MessagePartialSigner, SolanaWallet } from './owner/solana-signer.ts';
export type { RetryPolicy } from './retry-policy.ts';
export type { Runtime } from './runtime.ts';
export type {
  AddressResponse,
  AdminStatusResponse,
  AgentCreate,
  AgentListResponse,
  AgentSummary,
  AssetsResponse,
  BalanceResponse,
  BudgetOptions,
  BudgetResponse,
  ConnectionOptions,
  DecisionRecordResponse,
  DryRunResponse,
  MasterPasswordChangeResponse,
  NonceResponse,
  OwnerApproveResponse,
  OwnerChangeResponse,
  OwnerConnectResponse,
  OwnerDisconnectResponse,
  OwnerRejectResponse,
  OwnerStatusResponse,
  PendingApproval,
  PendingApprovalListResponse,
  PendingApprovalQuery,
  PendingTransactionListResponse,
  PolicyCreate,
  PolicyDeleteResponse,
  PolicyEvaluationBody,
  PolicyEvaluationResponse,
  PolicyListResponse,
  PolicyResponse,
  PolicyUpdate,
  ReplayResponse,
  RequestOptions,
  SecretRotationResponse,
  SendTokenOptions,
  SendTokenRequest,
  SessionConstraints,
  SessionCreateResponse,
  SessionListResponse,
  SessionQuery,
  SessionRenewResponse,
  SessionRequest,
  SessionRevokeResponse,
  ShutdownResponse,
  TransactionListQuery,
  TransactionListResponse,
  TransactionResponse,
  WAIaaSClientOptions,
  WAIaaSOperatorClientOptions,
  WaitForTransactionOptions,
} from './types.ts';
