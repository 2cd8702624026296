import type {
  AgentBudgetResponse,
  AgentCreate,
  AgentDetailResponse,
  AgentListResponse,
  AgentSummary,
  AssetsResponse,
  AuditLogResponse,
  AuditVerification,
  AutoStopRule,
  AutoStopRuleCreate,
  AutoStopRuleDeleteResponse,
  AutoStopRuleListResponse,
  AutoStopRuleUpdate,
  BalanceHistoryResponse,
  BalancePeriod,
  DashboardResponse,
  DeadLetterListResponse,
  DecisionRecordResponse,
  KillSwitchResponse,
  NotificationChannelCreate,
  NotificationChannelDeleteResponse,
  NotificationChannelListResponse,
  NotificationChannelResponse,
  NotificationChannelTestResponse,
  NotificationChannelUpdate,
  NotificationLogResponse,
  OwnerAction,
  OwnerRejectResponse,
  OwnerStatusResponse,
  OwnerTransaction,
  OwnerTransactionListResponse,
  PendingApproval,
  PendingApprovalListResponse,
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
  RecoveryAddressResponse,
  Redeliver,
  RedeliverResponse,
  ReplayResponse,
  SessionCreateResponse,
  SessionListResponse,
  SessionRevokeResponse,
  SettingsResponse,
  SettingsUpdate,
  SettingsUpdateResponse,
  TelegramUnpairResponse,
  TelegramVerifyResponse,
} from '@waiaas/core';
import { encodeBody, encodeId, encodeQuery } from './encode.ts';
import { localError } from './error.ts';
import type { TransportCall } from './transport.ts';
import type {
  AuditQuery,
  BudgetOptions,
  DeadLetterQuery,
  NotificationLogQuery,
  OwnerTransactionQuery,
  PendingApprovalQuery,
  RequestOptions,
  SessionQuery,
  SessionRequest,
} from './types.ts';

/** A request of whoever manages agents; how they show who they are is theirs. */
export interface ManagementCall<T> {
  readonly method: TransportCall<T>['method'];
  /** With the query, encoded. */
  readonly path: string;
  /** To the byte. */
  readonly body?: string;
  readonly fields: TransportCall<T>['fields'];
  /** What an owner's signature for it authorises (03 §3). */
  readonly action: Exclude<OwnerAction, 'approve_tx' | 'reject_tx'>;
  readonly options: RequestOptions | undefined;
}

/**
 * What an operator and an owner can both do (00 §3, "Who may do what"). Requests that change something are sent once: after
 * a `TIMEOUT` or a `NETWORK_ERROR` look before you ask again.
 */
export abstract class ManagementClient {
  /** Makes a call with the client's credential. @throws WAIaaSError */
  protected abstract manage<T>(call: ManagementCall<T>): Promise<T>;

  /** Creates an agent with a wallet of its own. */
  async createAgent(agent: AgentCreate, options?: RequestOptions): Promise<AgentSummary> {
    return this.manage({
      method: 'POST',
      path: '/v1/agents',
      body: encodeBody(agent),
      fields: ['id', 'publicKey'],
      action: 'manage_sessions',
      options,
    });
  }

  /** All agents. */
  listAgents(options?: RequestOptions): Promise<AgentListResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/agents',
      fields: ['agents'],
      action: 'manage_sessions',
      options,
    });
  }

  /** One agent. @throws WAIaaSError AGENT_NOT_FOUND */
  async getAgent(agentId: string, options?: RequestOptions): Promise<AgentSummary> {
    const { agents } = await this.listAgents(options);
    const agent = agents.find(({ id }) => id === agentId);
    if (agent !== undefined) return agent;
    throw localError('AGENT_NOT_FOUND', 'There is no agent with that id', 404);
  }

  /** An agent with its newest transactions, its live sessions and the policies that can hold for it. */
  async getAgentDetail(agentId: string, options?: RequestOptions): Promise<AgentDetailResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/agents/${encodeId(agentId)}`,
      fields: ['agent', 'recentTransactions', 'activeSessions', 'policies'],
      action: 'manage_sessions',
      options,
    });
  }

  /** What the wallet of an agent holds, read from the chain; the native asset first. */
  async getAgentAssets(agentId: string, options?: RequestOptions): Promise<AssetsResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/agents/${encodeId(agentId)}/assets`,
      fields: ['assets', 'network'],
      action: 'view_dashboard',
      options,
    });
  }

  /** What the policies leave an agent of one asset, whatever its sessions. */
  async getAgentBudget(agentId: string, given: BudgetOptions = {}): Promise<AgentBudgetResponse> {
    const { tokenMint, ...options } = given;
    return this.manage({
      method: 'GET',
      path: `/v1/owner/agents/${encodeId(agentId)}/budget${encodeQuery({ tokenMint })}`,
      fields: ['agentId', 'policy'],
      action: 'view_dashboard',
      options,
    });
  }

  /**
   * What was seen in the wallet of an agent over time, to look at: a day and a week by the hour, a month and a year by the day.
   * @param given.period a week when left out
   */
  async getBalanceHistory(
    agentId: string,
    given: { readonly period?: BalancePeriod | undefined } & RequestOptions = {},
  ): Promise<BalanceHistoryResponse> {
    const { period, ...options } = given;
    return this.manage({
      method: 'GET',
      path: `/v1/owner/agents/${encodeId(agentId)}/balance-history${encodeQuery({ period })}`,
      fields: ['agentId', 'series'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Payments of all agents, newest first unless asked otherwise; `nextCursor` leads to the next page. */
  async listTransactions(
    query: OwnerTransactionQuery = {},
    options?: RequestOptions,
  ): Promise<OwnerTransactionListResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/transactions${encodeQuery(query)}`,
      fields: ['transactions', 'nextCursor'],
      action: 'view_dashboard',
      options,
    });
  }

  /** A payment of any agent. @throws WAIaaSError TX_NOT_FOUND */
  async getTransaction(transactionId: string, options?: RequestOptions): Promise<OwnerTransaction> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/transactions/${encodeId(transactionId)}`,
      fields: ['transactionId', 'status'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Stops an agent from paying, at once. */
  async suspendAgent(agentId: string, options?: RequestOptions): Promise<AgentSummary> {
    return this.#overAgent(agentId, 'suspend', options);
  }

  /** Lets a suspended agent pay again. */
  async resumeAgent(agentId: string, options?: RequestOptions): Promise<AgentSummary> {
    return this.#overAgent(agentId, 'resume', options);
  }

  /**
   * Ends an agent for good: it pays nothing any more, at once; its funds go to the owner and its key is put away, in the
   * background. It stays TERMINATING for as long as something cannot be moved.
   *
   * @param given.waive ids of assets that may stay in the wallet for good; once an owner is connected, only the owner can
   */
  async terminateAgent(
    agentId: string,
    given: { readonly waive?: readonly string[] } & RequestOptions = {},
  ): Promise<AgentSummary> {
    const { waive = [], ...options } = given;
    return this.manage({
      method: 'POST',
      path: `/v1/agents/${encodeId(agentId)}/terminate`,
      body: encodeBody({ waive }),
      fields: ['id', 'status'],
      action: 'manage_sessions',
      options,
    });
  }

  /**
   * Sends everything an agent holds to an address of the owner's, tokens first; the agent is suspended in the same step. It
   * goes on in the background; `getRecall` shows how far it is, and what is left.
   *
   * An operator can name the owner's own address only; the owner also the agent's recovery address.
   * @throws WAIaaSError DESTINATION_REFUSED, RECALL_IN_PROGRESS, OWNER_AUTH_REQUIRED
   */
  async recallAgent(agentId: string, request: RecallRequestBody, options?: RequestOptions): Promise<RecallResponse> {
    return this.manage({
      method: 'POST',
      path: `/v1/owner/agents/${encodeId(agentId)}/recall`,
      body: encodeBody(request),
      fields: ['recallId', 'status'],
      action: 'recall',
      options,
    });
  }

  /** A recall as it stands. */
  async getRecall(recallId: string, options?: RequestOptions): Promise<RecallResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/recalls/${encodeId(recallId)}`,
      fields: ['recallId', 'status'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Recalls of an agent, newest first. */
  async listRecalls(agentId: string, options?: RequestOptions): Promise<RecallListResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/agents/${encodeId(agentId)}/recalls`,
      fields: ['recalls'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Where an agent's funds may go beside the owner's own address. */
  async getRecoveryAddress(agentId: string, options?: RequestOptions): Promise<RecoveryAddressResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/agents/${encodeId(agentId)}/recovery-address`,
      fields: ['agentId', 'address'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Opens a session for an agent. Its token is in the answer and never shown again. */
  async createSession(request: SessionRequest, options?: RequestOptions): Promise<SessionCreateResponse> {
    return this.manage({
      method: 'POST',
      path: '/v1/sessions',
      body: encodeBody(request),
      fields: ['sessionId', 'token', 'expiresAt'],
      action: 'manage_sessions',
      options,
    });
  }

  /** Sessions, newest first unless asked otherwise; `nextCursor` leads to the next page. */
  async listSessions(query: SessionQuery = {}, options?: RequestOptions): Promise<SessionListResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/sessions${encodeQuery(query)}`,
      fields: ['sessions', 'nextCursor'],
      action: 'manage_sessions',
      options,
    });
  }

  /** Ends a session at once, and cancels what it had waiting. */
  async revokeSession(sessionId: string, options?: RequestOptions): Promise<SessionRevokeResponse> {
    return this.manage({
      method: 'DELETE',
      path: `/v1/owner/sessions/${encodeId(sessionId)}`,
      fields: ['revoked', 'transactionsCancelled'],
      action: 'manage_sessions',
      options,
    });
  }

  /** How things stand: balances, what was paid today, what waits, and the state of every agent. */
  async getDashboard(options?: RequestOptions): Promise<DashboardResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/dashboard',
      fields: ['balances', 'agentStatuses', 'systemState'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Payments that wait for time or for the owner, with the words an owner signs to approve them. */
  async listPendingApprovals(
    query: PendingApprovalQuery = {},
    options?: RequestOptions,
  ): Promise<PendingApprovalListResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/pending-approvals${encodeQuery(query)}`,
      fields: ['transactions', 'nextCursor'],
      action: 'manage_sessions',
      options,
    });
  }

  /** Ends a payment that waits. */
  abstract rejectTransaction(
    transaction: string | PendingApproval,
    reason?: string,
    options?: RequestOptions,
  ): Promise<OwnerRejectResponse>;

  /** Who the owner is, and what waits. */
  getStatus(options?: RequestOptions): Promise<OwnerStatusResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/status',
      fields: ['connected', 'systemState'],
      action: 'view_dashboard',
      options,
    });
  }

  /** All policies. */
  listPolicies(options?: RequestOptions): Promise<PolicyListResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/policies',
      fields: ['policies'],
      action: 'view_dashboard',
      options,
    });
  }

  /**
   * Adds a policy, for one agent or for all. Once an owner is connected, only the owner can. An empty whitelist lets everybody
   * be paid, and needs `confirm: true`.
   */
  async createPolicy(policy: PolicyCreate, options?: RequestOptions): Promise<PolicyResponse> {
    return this.manage({
      method: 'POST',
      path: '/v1/owner/policies',
      body: encodeBody(policy),
      fields: ['policy'],
      action: 'update_settings',
      options,
    });
  }

  /**
   * Changes a policy: a new version of it. Rules are replaced as a whole. `confirm: true` is needed where it leaves no spending
   * limit in force for all agents, or lets everybody be paid: an empty whitelist, or none where there was one. With
   * the `version` that was looked at, nothing that was changed since is overwritten: POLICY_CONFLICT.
   */
  async updatePolicy(policyId: string, change: PolicyUpdate, options?: RequestOptions): Promise<PolicyResponse> {
    return this.manage({
      method: 'PUT',
      path: `/v1/owner/policies/${encodeId(policyId)}`,
      body: encodeBody(change),
      fields: ['policy'],
      action: 'update_settings',
      options,
    });
  }

  /**
   * Removes a policy; what was decided by it stays on record.
   * @param given.confirm needed where it leaves no spending limit in force for all agents, or no whitelist where there was one
   * @param given.version the one that was looked at; another one is not removed: POLICY_CONFLICT
   */
  async deletePolicy(
    policyId: string,
    given: { readonly confirm?: boolean; readonly version?: number } & RequestOptions = {},
  ): Promise<PolicyDeleteResponse> {
    const query = encodeQuery({ confirm: given.confirm === true ? true : undefined, version: given.version });
    return this.manage({
      method: 'DELETE',
      path: `/v1/owner/policies/${encodeId(policyId)}${query}`,
      fields: ['deleted', 'policyId'],
      action: 'update_settings',
      options: given,
    });
  }

  /**
   * What a set of policies would decide, about a payment now and about those of the past. Changes nothing. The set is the
   * whole of what would be in force: to try a change, propose the policies of `listPolicies` with the change in them.
   */
  async evaluatePolicies(
    evaluation: PolicyEvaluationBody,
    options?: RequestOptions,
  ): Promise<PolicyEvaluationResponse> {
    return this.manage({
      method: 'POST',
      path: '/v1/owner/policies/evaluate',
      body: encodeBody(evaluation),
      fields: ['payment', 'history'],
      action: 'view_dashboard',
      options,
    });
  }

  /** How a payment was decided, rule by rule, and whether it comes out the same again. */
  async getDecision(transactionId: string, options?: RequestOptions): Promise<DecisionRecordResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/decisions/${encodeId(transactionId)}`,
      fields: ['transactionId', 'criteria', 'replay'],
      action: 'view_dashboard',
      options,
    });
  }

  /**
   * Makes every decision again from its record, and compares. What the audit log tells of and is gone is a fault, too; whether
   * the log itself is whole is for its own check to say.
   */
  replayDecisions(options?: RequestOptions): Promise<ReplayResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/decisions/replay',
      fields: ['total', 'same', 'faultCount'],
      action: 'view_dashboard',
      options,
    });
  }

  /**
   * Stops everything: ends all sessions, cancels what waits, suspends all agents, locks the keys. Once this has resolved
   * nothing is signed any more, and the daemon answers little else than `recover`.
   */
  async activateKillSwitch(reason: string, options?: RequestOptions): Promise<KillSwitchResponse> {
    return this.manage({
      method: 'POST',
      path: '/v1/owner/kill-switch',
      body: encodeBody({ reason }),
      fields: ['activated', 'timestamp'],
      action: 'kill_switch',
      options,
    });
  }

  /** The settings that are in force, without any secret. */
  getSettings(options?: RequestOptions): Promise<SettingsResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/settings',
      fields: ['server', 'security', 'notifications', 'autoStop'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Changes settings at once. They are kept over restarts and count more than config.toml. */
  async updateSettings(change: SettingsUpdate, options?: RequestOptions): Promise<SettingsUpdateResponse> {
    return this.manage({
      method: 'PUT',
      path: '/v1/owner/settings',
      body: encodeBody(change),
      fields: ['updated', 'settings'],
      action: 'update_settings',
      options,
    });
  }

  /** All auto-stop rules, and whether they are what the daemon has written. */
  listAutoStopRules(options?: RequestOptions): Promise<AutoStopRuleListResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/auto-stop-rules',
      fields: ['rules', 'authentic'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Adds an auto-stop rule, for one agent or for all. Read its `warning`, where it has one. */
  async createAutoStopRule(rule: AutoStopRuleCreate, options?: RequestOptions): Promise<AutoStopRule> {
    return this.manage({
      method: 'POST',
      path: '/v1/owner/auto-stop-rules',
      body: encodeBody(rule),
      fields: ['id', 'version', 'action'],
      action: 'update_settings',
      options,
    });
  }

  /** Changes an auto-stop rule. Its configuration is replaced as a whole. */
  async updateAutoStopRule(
    ruleId: string,
    change: AutoStopRuleUpdate,
    options?: RequestOptions,
  ): Promise<AutoStopRule> {
    return this.manage({
      method: 'PUT',
      path: `/v1/owner/auto-stop-rules/${encodeId(ruleId)}`,
      body: encodeBody(change),
      fields: ['id', 'version', 'action'],
      action: 'update_settings',
      options,
    });
  }

  /** Removes an auto-stop rule. */
  async deleteAutoStopRule(ruleId: string, options?: RequestOptions): Promise<AutoStopRuleDeleteResponse> {
    return this.manage({
      method: 'DELETE',
      path: `/v1/owner/auto-stop-rules/${encodeId(ruleId)}`,
      fields: ['deleted', 'ruleId'],
      action: 'update_settings',
      options,
    });
  }

  /** What the daemon did, newest rows first unless asked otherwise; `nextCursor` leads to the next page. */
  async listAuditLog(query: AuditQuery = {}, options?: RequestOptions): Promise<AuditLogResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/audit-log${encodeQuery(query)}`,
      fields: ['entries', 'nextCursor'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Checks every row of the audit log, its sealed end and the ends kept outside the database. */
  verifyAuditLog(options?: RequestOptions): Promise<AuditVerification> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/audit-log/verify',
      fields: ['intact', 'rows', 'findings'],
      action: 'view_dashboard',
      options,
    });
  }

  /** All notification channels, secrets masked, and how many of them can reach the owner. */
  listNotificationChannels(options?: RequestOptions): Promise<NotificationChannelListResponse> {
    return this.manage({
      method: 'GET',
      path: '/v1/owner/notification-channels',
      fields: ['channels', 'reachable', 'minChannels'],
      action: 'view_dashboard',
      options,
    });
  }

  /**
   * Adds a notification channel; it is stored only once its service has been reached. For a webhook without a secret the
   * daemon makes one: it is in the answer and never shown again.
   */
  async createNotificationChannel(
    channel: NotificationChannelCreate,
    options?: RequestOptions,
  ): Promise<NotificationChannelResponse> {
    return this.manage({
      method: 'POST',
      path: '/v1/owner/notification-channels',
      body: encodeBody(channel),
      fields: ['channel'],
      action: 'update_settings',
      options,
    });
  }

  /** Changes a notification channel. What is sent back as it was shown, masked, stays what it is. */
  async updateNotificationChannel(
    channelId: string,
    change: NotificationChannelUpdate,
    options?: RequestOptions,
  ): Promise<NotificationChannelResponse> {
    return this.manage({
      method: 'PUT',
      path: `/v1/owner/notification-channels/${encodeId(channelId)}`,
      body: encodeBody(change),
      fields: ['channel'],
      action: 'update_settings',
      options,
    });
  }

  /** Removes a notification channel. @throws WAIaaSError MIN_CHANNELS_REQUIRED */
  async deleteNotificationChannel(
    channelId: string,
    options?: RequestOptions,
  ): Promise<NotificationChannelDeleteResponse> {
    return this.manage({
      method: 'DELETE',
      path: `/v1/owner/notification-channels/${encodeId(channelId)}`,
      fields: ['deleted', 'channelId'],
      action: 'update_settings',
      options,
    });
  }

  /** Sends a message over one channel, the way every message goes, and says what became of it. */
  async testNotificationChannel(channelId: string, options?: RequestOptions): Promise<NotificationChannelTestResponse> {
    return this.manage({
      method: 'POST',
      path: `/v1/owner/notification-channels/${encodeId(channelId)}/test`,
      fields: ['success', 'channelId', 'latencyMs'],
      action: 'update_settings',
      options,
    });
  }

  /** Events that a webhook has not taken, newest first unless told otherwise; kept for 72 hours once they are not tried any more. */
  async listDeadLetters(
    channelId: string,
    query: DeadLetterQuery = {},
    options?: RequestOptions,
  ): Promise<DeadLetterListResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/notification-channels/${encodeId(channelId)}/dead-letters${encodeQuery(query)}`,
      fields: ['deadLetters', 'nextCursor'],
      action: 'view_dashboard',
      options,
    });
  }

  /**
   * Sends a webhook again what it has not taken, oldest first, under the ids it had; or one of them. For more than a few, call
   * again with `nextCursor` as `cursor` until it is null.
   * @throws WAIaaSError CHANNEL_NOT_FOUND, DEAD_LETTER_NOT_FOUND
   */
  async redeliver(channelId: string, which: Redeliver = {}, options?: RequestOptions): Promise<RedeliverResponse> {
    return this.manage({
      method: 'POST',
      path: `/v1/owner/notification-channels/${encodeId(channelId)}/redeliver`,
      body: encodeBody(which),
      fields: ['channelId', 'deliveries', 'nextCursor'],
      action: 'update_settings',
      options,
    });
  }

  /** What became of every attempt to tell the owner something, newest first unless told otherwise. */
  async listNotificationLog(
    query: NotificationLogQuery = {},
    options?: RequestOptions,
  ): Promise<NotificationLogResponse> {
    return this.manage({
      method: 'GET',
      path: `/v1/owner/notification-log${encodeQuery(query)}`,
      fields: ['entries', 'nextCursor'],
      action: 'view_dashboard',
      options,
    });
  }

  /** Pairs the Telegram chat in which the bot has answered /auth with this code. @throws WAIaaSError INVALID_PAIRING_CODE */
  verifyTelegramChat(code: string, options?: RequestOptions): Promise<TelegramVerifyResponse> {
    return this.manage({
      method: 'POST',
      path: '/v1/owner/telegram/verify',
      body: encodeBody({ code }),
      fields: ['paired', 'channelId', 'chatId', 'chatName'],
      action: 'update_settings',
      options,
    });
  }

  /** Ends the pairing: from no chat can anything be done afterwards. */
  unpairTelegramChat(options?: RequestOptions): Promise<TelegramUnpairResponse> {
    return this.manage({
      method: 'DELETE',
      path: '/v1/owner/telegram',
      fields: ['unpaired'],
      action: 'update_settings',
      options,
    });
  }

  async #overAgent(agentId: string, verb: 'suspend' | 'resume', options?: RequestOptions): Promise<AgentSummary> {
    return this.manage({
      method: 'POST',
      path: `/v1/agents/${encodeId(agentId)}/${verb}`,
      fields: ['id', 'status'],
      action: 'manage_sessions',
      options,
    });
  }
}
