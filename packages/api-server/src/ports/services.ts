import type {
  AddressResponse,
  AdminStatusResponse,
  AgentBudgetResponse,
  AgentCreate,
  AgentDetailResponse,
  AgentId,
  AgentSummary,
  AgentTerminate,
  AssetsResponse,
  AuditLogQuery,
  AuditLogResponse,
  AuditVerification,
  AutoStopRule,
  AutoStopRuleInput,
  AutoStopRuleListResponse,
  AutoStopRuleUpdate,
  BalanceHistoryQuery,
  BalanceHistoryResponse,
  BalanceResponse,
  BudgetQuery,
  BudgetResponse,
  ChangeBatch,
  DashboardResponse,
  DeadLetterListResponse,
  DeadLetterQuery,
  DecisionRecordResponse,
  DryRunResponse,
  HealthResponse,
  KillSwitchRequest,
  KillSwitchResponse,
  MasterPasswordChangeResponse,
  NewNotificationChannel,
  NotificationChannelId,
  NotificationChannelListResponse,
  NotificationChannelResponse,
  NotificationChannelTestResponse,
  NotificationChannelUpdate,
  NotificationLogQuery,
  NotificationLogResponse,
  OwnerApproveResponse,
  OwnerChange,
  OwnerChangeResponse,
  OwnerConnect,
  OwnerConnectResponse,
  OwnerDisconnectResponse,
  OwnerMessageRequest,
  OwnerMessageResponse,
  OwnerReject,
  OwnerRejectResponse,
  OwnerStatusResponse,
  OwnerTransaction,
  OwnerTransactionListQuery,
  OwnerTransactionListResponse,
  PendingApprovalListResponse,
  PendingTransactionListResponse,
  PolicyEvaluation,
  PolicyEvaluationResponse,
  PolicyId,
  PolicyListResponse,
  PolicyResponse,
  pendingApprovalListQuerySchema,
  policyCreateSchema,
  policyUpdateSchema,
  RecallId,
  RecallRequest,
  RecallResponse,
  RecoverResponse,
  RecoveryAddressResponse,
  Redeliver,
  RedeliverResponse,
  ReplayResponse,
  SecretRotationResponse,
  SessionCreate,
  SessionCreateResponse,
  SessionId,
  SessionListResponse,
  SessionRenewResponse,
  SessionRevokeResponse,
  SettingsResponse,
  SettingsUpdate,
  SettingsUpdateResponse,
  sessionListQuerySchema,
  TelegramVerify,
  TelegramVerifyResponse,
  TransactionId,
  TransactionListResponse,
  TransactionResponse,
  transactionListQuerySchema,
  transferRequestSchema,
} from '@waiaas/core';
import type { z } from 'zod';
import type { RequestContext, SessionContext } from './request-context.ts';

/** A payment as validation leaves it: defaults filled in. */
export type TransferBody = z.output<typeof transferRequestSchema>;
/** Query of the transaction list, defaults filled in. */
export type TransactionListFilter = z.output<typeof transactionListQuerySchema>;
/** Query of the session list, defaults filled in. */
export type SessionListFilter = z.output<typeof sessionListQuerySchema>;
/** A new policy, defaults filled in. */
export type PolicyCreateBody = z.output<typeof policyCreateSchema>;
/** A change of a policy. */
export type PolicyUpdateBody = z.output<typeof policyUpdateSchema>;

/** A fresh nonce (03 §4). */
export interface IssuedNonce {
  /** 32 lower-case hex characters. */
  readonly nonce: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** How a payment is to be handled, beside its body. */
export interface SendOptions {
  /** 1–128 printable ASCII characters (04 §8). */
  readonly idempotencyKey?: string;
  /** Address of the peer, for the audit row. */
  readonly ip?: string;
  /** How long to wait for a terminal state, ms. Running out of it is no failure: the row's actual state is the answer. */
  readonly waitMs: number;
  /** Ends the wait and nothing else: the client has gone, or the daemon is stopping. The payment goes on (04 §7). */
  readonly signal?: AbortSignal;
}

/** Agents (00 §3, "Routes added"). */
export interface AgentService {
  create(input: AgentCreate, context: RequestContext): Promise<AgentSummary>;
  list(): Promise<readonly AgentSummary[]>;
  /** An agent with its newest transactions, its live sessions and the policies that can hold for it. */
  detail(id: AgentId): Promise<AgentDetailResponse>;
  suspend(id: AgentId, context: RequestContext): Promise<AgentSummary>;
  resume(id: AgentId, context: RequestContext): Promise<AgentSummary>;
  /** Begins its end, which comes in the background. */
  terminate(id: AgentId, input: AgentTerminate, context: RequestContext): Promise<AgentSummary>;
}

/** What agents hold and may spend, as the operator and the owner see it. */
export interface AgentWalletService {
  assets(id: AgentId): Promise<AssetsResponse>;
  budget(id: AgentId, query: BudgetQuery): Promise<AgentBudgetResponse>;
  /** What was seen in the wallet over time. */
  history(id: AgentId, query: BalanceHistoryQuery): Promise<BalanceHistoryResponse>;
}

/** Taking agents' funds back to the owner (00 §3, 08 §2.5). */
export interface RecallService {
  /** Begins a recall, which goes on in the background. */
  request(agentId: AgentId, input: RecallRequest, context: RequestContext): Promise<RecallResponse>;
  get(id: RecallId): Promise<RecallResponse>;
  list(agentId: AgentId): Promise<readonly RecallResponse[]>;
  recoveryAddress(agentId: AgentId): Promise<RecoveryAddressResponse>;
  setRecoveryAddress(agentId: AgentId, address: string, context: RequestContext): Promise<RecoveryAddressResponse>;
}

/** Sessions (06 §3.3). */
export interface SessionService {
  create(input: SessionCreate, context: RequestContext): Promise<SessionCreateResponse>;
  list(query: SessionListFilter): Promise<SessionListResponse>;
  revoke(id: SessionId, context: RequestContext): Promise<SessionRevokeResponse>;
  /** The session asks for itself; `id` is what its path said. */
  renew(session: SessionContext, id: SessionId, context: RequestContext): Promise<SessionRenewResponse>;
}

/** The wallet of the session's agent (06 §3.2). */
export interface WalletService {
  balance(session: SessionContext): Promise<BalanceResponse>;
  address(session: SessionContext): Promise<AddressResponse>;
  /** What the wallet holds, the native asset first. */
  assets(session: SessionContext): Promise<AssetsResponse>;
  /** What the session may still spend of an asset, worked out by the code that enforces it. */
  budget(session: SessionContext, query: BudgetQuery): Promise<BudgetResponse>;
}

/** Transactions of the session's agent; another agent's ids are TX_NOT_FOUND (06 §3.2). */
export interface TransactionService {
  /** Failures are thrown; what is returned is confirmed, in flight or queued. */
  send(session: SessionContext, body: TransferBody, options: SendOptions): Promise<TransactionResponse>;
  list(session: SessionContext, query: TransactionListFilter): Promise<TransactionListResponse>;
  pending(session: SessionContext): Promise<PendingTransactionListResponse>;
  get(session: SessionContext, id: TransactionId): Promise<TransactionResponse>;
  /** What would be decided about a payment now, without a trace. */
  dryRun(session: SessionContext, body: TransferBody): Promise<DryRunResponse>;
}

/** Payments of all agents, as the operator and the owner see them. */
export interface PaymentService {
  list(query: OwnerTransactionListQuery): Promise<OwnerTransactionListResponse>;
  get(id: TransactionId): Promise<OwnerTransaction>;
}

/** What the daemon does, as it does it. */
export interface ChangeService {
  /**
   * Batches as they are committed, until the signal is aborted; the first one, which is empty, at once, and empty ones now
   * and then, so that whoever is gone is noticed.
   * @throws WaiaasError RATE_LIMIT_EXCEEDED, at once, when too many listen
   */
  watch(signal: AbortSignal): AsyncIterable<ChangeBatch>;
}

/** The audit log (05, 09 no. 5). */
export interface AuditService {
  list(query: AuditLogQuery): Promise<AuditLogResponse>;
  /** Checks all of it against its links, its sealed head and the heads kept outside. */
  verify(): Promise<AuditVerification>;
}

/** The daemon's figures, as Prometheus reads them. */
export interface MetricsService {
  read(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Auto-stop rules (05 §4.8). */
export interface AutoStopService {
  list(): Promise<AutoStopRuleListResponse>;
  create(input: AutoStopRuleInput, context: RequestContext): Promise<AutoStopRule>;
  update(id: string, change: AutoStopRuleUpdate, context: RequestContext): Promise<AutoStopRule>;
  remove(id: string, context: RequestContext): Promise<void>;
}

/** What can be set while the daemon runs (06 E26, E27). */
export interface SettingsService {
  read(): Promise<SettingsResponse>;
  update(change: SettingsUpdate, context: RequestContext): Promise<SettingsUpdateResponse>;
}

/** How a recovery is asked for; the guard has checked the password. */
export interface RecoveryInput {
  readonly password: string;
  /** Checks the owner's signature over the request, once the vault is open; null when there is none. */
  readonly proveOwner: (() => Promise<RequestContext>) | null;
  /** What the command on the daemon's own machine shows for itself. */
  readonly localProof: string | undefined;
}

/** The kill switch (05 §3, 06 E16, E17, E29). */
export interface KillSwitchService {
  activate(input: KillSwitchRequest, context: RequestContext): Promise<KillSwitchResponse>;
  recover(input: RecoveryInput, context: RequestContext): Promise<RecoverResponse>;
}

/** Records of decisions (00 §3, "Routes added"). */
export interface DecisionService {
  get(id: TransactionId): Promise<DecisionRecordResponse>;
  /** Makes every decision again and compares. */
  replay(): Promise<ReplayResponse>;
}

/** Policies (06 E20, E21; 04 §22). */
export interface PolicyService {
  create(input: PolicyCreateBody, context: RequestContext): Promise<PolicyResponse>;
  update(id: PolicyId, input: PolicyUpdateBody, context: RequestContext): Promise<PolicyResponse>;
  list(): Promise<PolicyListResponse>;
  /** @param options.confirm needed where it leaves no spending limit in force */
  remove(
    id: PolicyId,
    options: { readonly confirm: boolean; readonly version?: number | undefined },
    context: RequestContext,
  ): Promise<void>;
  /** What a set of policies would decide, without a trace. */
  evaluate(input: PolicyEvaluation): Promise<PolicyEvaluationResponse>;
}

/** Notification channels (05 §2.12). */
export interface ChannelService {
  list(): Promise<NotificationChannelListResponse>;
  log(query: NotificationLogQuery): Promise<NotificationLogResponse>;
  create(input: NewNotificationChannel, context: RequestContext): Promise<NotificationChannelResponse>;
  update(
    id: NotificationChannelId,
    input: NotificationChannelUpdate,
    context: RequestContext,
  ): Promise<NotificationChannelResponse>;
  remove(id: NotificationChannelId, context: RequestContext): Promise<void>;
  /** Sends a message over one channel, the way every message goes. */
  test(id: NotificationChannelId, context: RequestContext): Promise<NotificationChannelTestResponse>;
  /** What a webhook has not taken and is kept to be sent again. */
  deadLetters(id: NotificationChannelId, query: DeadLetterQuery): Promise<DeadLetterListResponse>;
  /** Sends it again, under the ids it had. */
  redeliver(id: NotificationChannelId, input: Redeliver, context: RequestContext): Promise<RedeliverResponse>;
}

/** The Telegram chat the owner steers the daemon from (05 §5.4). */
export interface TelegramService {
  verify(input: TelegramVerify, context: RequestContext): Promise<TelegramVerifyResponse>;
  /** Answers whether there was one. */
  unpair(context: RequestContext): Promise<boolean>;
}

/** Query of the pending approvals, defaults filled in. */
export type PendingApprovalFilter = z.output<typeof pendingApprovalListQuerySchema>;

/** The owner, and what waits for them (06 E12–E19; 00 §3). */
export interface OwnerService {
  /**
   * The text to sign for a request. The routes have checked that the request takes the action.
   * @param host the Host header of the request, as it was accepted
   */
  message(input: OwnerMessageRequest, host: string): Promise<OwnerMessageResponse>;
  connect(input: OwnerConnect, context: RequestContext): Promise<OwnerConnectResponse>;
  /** Checks the next owner's signature, which the body carries. */
  change(input: OwnerChange, context: RequestContext): Promise<OwnerChangeResponse>;
  disconnect(context: RequestContext): Promise<OwnerDisconnectResponse>;
  status(): Promise<OwnerStatusResponse>;
  /** How things stand; a chain that does not answer makes it neither fail nor wait for long. */
  dashboard(): Promise<DashboardResponse>;
  pendingApprovals(query: PendingApprovalFilter): Promise<PendingApprovalListResponse>;
  approve(id: TransactionId, context: RequestContext): Promise<OwnerApproveResponse>;
  reject(id: TransactionId, input: OwnerReject, context: RequestContext): Promise<OwnerRejectResponse>;
}

/** The daemon itself (06 §3.5). */
export interface AdminService {
  status(): Promise<AdminStatusResponse>;
  /** @param passwords the present one as it was just checked, and the next one, in a form that is allowed */
  changePassword(
    passwords: { readonly present: string; readonly next: string },
    context: RequestContext,
  ): Promise<MasterPasswordChangeResponse>;
  rotateSecret(context: RequestContext): Promise<SecretRotationResponse>;
  /** Called once the answer to the shutdown request has left. */
  requestShutdown(): void;
}

/** Everything the routes do, by area. Errors that leave a service are WaiaasErrors; anything else becomes INTERNAL_ERROR. */
export interface ApiServices {
  health(): HealthResponse;
  readonly nonces: { issue(): IssuedNonce };
  readonly agents: AgentService;
  readonly sessions: SessionService;
  readonly wallet: WalletService;
  readonly agentWallets: AgentWalletService;
  readonly payments: PaymentService;
  readonly changes: ChangeService;
  readonly transactions: TransactionService;
  readonly policies: PolicyService;
  readonly channels: ChannelService;
  readonly telegram: TelegramService;
  readonly owner: OwnerService;
  readonly recalls: RecallService;
  readonly decisions: DecisionService;
  readonly audit: AuditService;
  readonly killSwitch: KillSwitchService;
  readonly autoStop: AutoStopService;
  readonly settings: SettingsService;
  readonly metrics: MetricsService;
  readonly admin: AdminService;
}
