import type {
  AgentStatus,
  AuditSeverity,
  AutoStopAction,
  AutoStopRuleType,
  Chain,
  FeePriority,
  Network,
  NotificationChannelType,
  NotificationEventName,
  NotificationLevel,
  NotificationLocale,
  NotificationStatus,
  OwnerChain,
  PolicyType,
  RecallKind,
  RecallStatus,
  SuspensionReason,
  Tier,
  TransactionStatus,
  TransactionType,
} from '@waiaas/core';
import type { Generated } from 'kysely';

/** Tables of the database (01 §2.3, 04 §2). Times are Unix seconds, amounts decimal strings, flags 0 or 1. */
export interface Database {
  agents: AgentsTable;
  sessions: SessionsTable;
  session_sets: SessionSetsTable;
  transactions: TransactionsTable;
  decisions: DecisionsTable;
  claim_decisions: ClaimDecisionsTable;
  granted_constraints: GrantedConstraintsTable;
  spend_ledger: SpendLedgerTable;
  recalls: RecallsTable;
  recovery_addresses: RecoveryAddressesTable;
  terminations: TerminationsTable;
  policies: PoliciesTable;
  policy_versions: PolicyVersionsTable;
  policy_sets: PolicySetsTable;
  pending_approvals: PendingApprovalsTable;
  audit_log: AuditLogTable;
  audit_head: AuditHeadTable;
  notification_channels: NotificationChannelsTable;
  notification_log: NotificationLogTable;
  notification_outbox: NotificationOutboxTable;
  dead_letters: DeadLettersTable;
  owner_wallets: OwnerWalletsTable;
  owner_head: OwnerHeadTable;
  system_state: SystemStateTable;
  auto_stop_rules: AutoStopRulesTable;
  heads: HeadsTable;
  auto_stop_head: AutoStopHeadTable;
  balance_samples: BalanceSamplesTable;
}

export interface AgentsTable {
  id: string;
  name: string;
  chain: Chain;
  network: Network;
  public_key: string;
  status: AgentStatus;
  owner_address: string | null;
  created_at: number;
  updated_at: number;
  suspended_at: number | null;
  suspension_reason: SuspensionReason | null;
}

export interface SessionsTable {
  id: string;
  agent_id: string;
  /** SHA-256 of the whole token, hex; the token itself is never stored. */
  token_hash: string;
  expires_at: number;
  constraints: string;
  usage_stats: string;
  revoked_at: number | null;
  created_at: number;
  /** Version the seal covers; moves with every change. */
  version: number;
  seal: string;
  renewal_count: number;
  last_renewed_at: number | null;
  /** No renewal leads beyond it; 0 for sessions that cannot be renewed. */
  absolute_expires_at: number;
}

/** Seal over the sessions of an agent that are not revoked, so that bringing an older row back shows. */
export interface SessionSetsTable {
  agent_id: string;
  version: number;
  seal: string;
}

export interface TransactionsTable {
  id: string;
  agent_id: string;
  /** Null once the session row has been cleaned up; the intent keeps the id. */
  session_id: string | null;
  chain: Chain;
  type: TransactionType;
  asset: string;
  amount: string;
  to_address: string;
  memo: string | null;
  fee_priority: FeePriority;
  status: TransactionStatus;
  tier: Tier | null;
  reserved_amount: string | null;
  /** Canonical encoding of the admitted intent, its SHA-256 and its seal. */
  intent: string;
  intent_hash: string;
  intent_seal: string;
  idempotency_key: string | null;
  request_hash: string;
  policy_id: string | null;
  policy_version: number | null;
  delay_seconds: number | null;
  approval_timeout_seconds: number | null;
  created_at: number;
  queued_at: number | null;
  execute_after: number | null;
  approval_expires_at: number | null;
  /** When its execution began. */
  claimed_at: number | null;
  submitted_at: number | null;
  executed_at: number | null;
  /** Known before broadcast; shown to clients from SUBMITTED on. */
  tx_hash: string | null;
  last_valid_block_height: string | null;
  /** Signed bytes, kept only while the transaction may have to be sent again. */
  signed_tx: Uint8Array | null;
  /** When a transaction that ended without landing is looked up one last time. */
  late_check_at: number | null;
  error: string | null;
  metadata: string | null;
  /** Moves on with every change of the row; 0 for rows from before there were seals. */
  state_version: number;
  /** Covers the row as it is: whoever acts upon a row acts upon what the daemon has written, or not at all. */
  state_seal: string;
  /** The recall it belongs to; null for payments of agents. */
  recall_id: string | null;
  /** Its signed variants beside the one in `tx_hash`, JSON, oldest first; null as long as it was signed once. */
  variants: string | null;
}

/** Funds of an agent that are taken back to its owner. What it is for never changes; each of its states is sealed. */
export interface RecallsTable {
  id: string;
  agent_id: string;
  kind: RecallKind;
  destination: string;
  include_unlisted: number;
  keep_gas: number;
  requested_by: string;
  created_at: number;
  status: RecallStatus;
  started_at: number | null;
  ended_at: number | null;
  error: string | null;
  /** What was left when it ended, JSON. */
  remaining: string | null;
  version: number;
  /** Covers the row as it is. */
  seal: string;
}

/** Every address that was ever registered for taking an agent's funds back. */
export interface RecoveryAddressesTable {
  agent_id: string;
  version: number;
  address: string;
  /** The owner who registered it; it is nobody else's. */
  owner_id: string;
  active_from: number;
  created_at: number;
  actor: string;
  seal: string;
}

/** Ends of agents, from the request on. */
export interface TerminationsTable {
  agent_id: string;
  requested_by: string;
  created_at: number;
  /** Ids of assets that may stay behind, JSON. */
  waived: string;
  version: number;
  seal: string;
  /** When the owner was told that it does not come to an end by itself. */
  alerted_at: number | null;
  ended_at: number | null;
  /** What the wallet held when it was last looked at after the end: base units by asset, JSON. */
  seen: string | null;
}

/** How a payment was decided: what was checked and seen, and the policies that were in force. Never changed. */
export interface DecisionsTable {
  tx_id: string;
  decided_at: number;
  /** Checks of the session, JSON. */
  session_criteria: string;
  /** Canonical encoding of the policy engine's answer; null when the session had refused before it was asked. */
  decision: string | null;
  /** Canonical encoding of the facts it was given. */
  facts: string | null;
  /** Ids and versions of the policies that were in force, JSON. */
  policies: string;
  seal: string;
  /** Canonical encoding of what the session was; null in records of versions that did not keep it. */
  standing: string | null;
}

/**
 * One row for each payment that settled, with the running total of its agent and asset. The sum over any window is the
 * difference of two totals, so no decision's cost grows with history.
 */
export interface SpendLedgerTable {
  seq: Generated<number>;
  agent_id: string;
  asset: string;
  /** Never before the row before it, whatever the clock does. */
  settled_at: number;
  tx_id: string;
  amount: string;
  cumulative: string;
  /** Seal of the row before it of its agent and asset; empty for the first one. */
  previous: string;
  /** Empty for rows from before there were seals. */
  seal: string;
  /** Which run of the daemon has appended it; empty for rows from before that was told. */
  run: string;
}

export interface PoliciesTable {
  id: string;
  version: number;
  agent_id: string | null;
  type: PolicyType;
  rules: string;
  priority: number;
  enabled: number;
  created_at: number;
  updated_at: number;
  seal: string;
}

/** Every version a policy ever had; decisions name the one they used. */
export interface PolicyVersionsTable {
  policy_id: string;
  version: number;
  agent_id: string | null;
  type: PolicyType;
  rules: string;
  priority: number;
  enabled: number;
  created_at: number;
  actor: string;
  seal: string;
}

/** Seal over the set of policies of a scope, so that removing or rolling back a policy row shows. */
export interface PolicySetsTable {
  /** `global` or an agent id. */
  scope: string;
  version: number;
  seal: string;
}

export interface PendingApprovalsTable {
  id: string;
  tx_id: string;
  required_by: number;
  expires_at: number;
  approved_at: number | null;
  rejected_at: number | null;
  owner_signature: string | null;
  message: string | null;
  created_at: number;
}

export interface AuditLogTable {
  id: Generated<number>;
  timestamp: number;
  event_type: string;
  actor: string;
  agent_id: string | null;
  session_id: string | null;
  tx_id: string | null;
  details: string;
  severity: AuditSeverity;
  ip_address: string | null;
  /** Link to the row before it; see `auditLink`. */
  hash: string;
}

/** How far the audit log was when it was last sealed: one row. */
export interface AuditHeadTable {
  id: number;
  version: number;
  audit_id: number;
  hash: string;
  sealed_at: number;
  seal: string;
}

export interface NotificationChannelsTable {
  id: string;
  type: NotificationChannelType;
  name: string;
  /** Encrypted under a key of the vault, JSON. */
  config: string;
  priority: number;
  enabled: number;
  last_health_check: number | null;
  last_health_status: number | null;
  created_at: number;
  updated_at: number;
  /** Version the encrypted configuration is bound to; moves on every change. */
  version: number;
  locale: NotificationLocale;
  /** Probes and deliveries that have failed since the last one that did not. */
  consecutive_failures: number;
}

export interface NotificationLogTable {
  id: string;
  channel_id: string | null;
  event: string;
  level: NotificationLevel;
  reference_id: string | null;
  status: NotificationStatus;
  error: string | null;
  retry_count: number;
  sent_at: number;
  /** Id of the event in the outbox; the same in every row about it and in what webhooks receive. */
  notification_id: string | null;
}

/** Events that have not been told yet. Rows go once they are told or given up; `notification_log` keeps what became of them. */
export interface NotificationOutboxTable {
  /** Order in which events happened; never used twice. */
  seq: Generated<number>;
  id: string;
  event: NotificationEventName;
  /** 0 before 1 before 2. */
  urgency: number;
  payload: string;
  created_at: number;
  attempts: Generated<number>;
  next_attempt_at: number;
  /** Ids of the channels that have taken it, JSON. */
  delivered_to: Generated<string>;
  /** Null where the vault had not been opened when it was stored. */
  seal: string | null;
}

/** Events that a webhook has not taken and that are not tried over it any more. Kept for a while, to be sent again on request. */
export interface DeadLettersTable {
  channel_id: string;
  /** Id of the event in the outbox; the receiver knows it by that. */
  id: string;
  /** Its place in the outbox. */
  sequence: number;
  payload: string;
  /** When it happened, Unix seconds. */
  created_at: number;
  given_up_at: number;
  /** Why the receiver has not taken it the last time, without secrets. */
  error: string;
  /** That of the event in the outbox. */
  seal: string | null;
}

export interface OwnerWalletsTable {
  id: string;
  address: string;
  chain: OwnerChain;
  wc_session_topic: string | null;
  wc_pairing_topic: string | null;
  connected_at: string;
  last_active_at: string | null;
  metadata: string | null;
  version: number;
  seal: string;
}

/** Which owner is connected: one row. */
export interface OwnerHeadTable {
  id: number;
  version: number;
  owner_id: string | null;
  seal: string;
}

export interface SystemStateTable {
  key: string;
  /** JSON text. */
  value: string;
  updated_at: number;
}

export interface AutoStopRulesTable {
  id: string;
  agent_id: string | null;
  type: AutoStopRuleType;
  config: string;
  action: AutoStopAction;
  enabled: number;
  created_at: number;
  updated_at: number;
  version: number;
  seal: string;
}

/** What was decided when a payment left the queue. */
export interface ClaimDecisionsTable {
  tx_id: string;
  decided_at: number;
  /** Word of what forbade it; null when it was carried out. */
  refusal: string | null;
  /** Canonical encoding of the policy engine's denial; null when it had nothing against it, or was not asked. */
  decision: string | null;
  /** Canonical encoding of the facts it was given; null when it was not asked. */
  facts: string | null;
  /** Ids and versions of the policies that were in force, JSON. */
  policies: string;
  seal: string;
  /** Canonical encoding of what agent and session were; null in records of versions that did not keep it. */
  standing: string | null;
}

/** Limits of sessions that payments were judged by, each once. */
export interface GrantedConstraintsTable {
  /** SHA-256 of the text, hex. */
  hash: string;
  constraints: string;
}

/** What a scope's newest state is, sealed as one: one row for each agent, and one for what holds for all. */
export interface HeadsTable {
  /** `global` or an agent id. */
  scope: string;
  version: number;
  /** JSON text. */
  content: string;
  /** The newest audit row when it was sealed; 0 before the first one. */
  audit_id: number;
  seal: string;
}

/** Seal over the set of auto-stop rules: one row. */
export interface AutoStopHeadTable {
  id: number;
  version: number;
  seal: string;
}

/** What a wallet held in an hour, as it was read last. For people to look at: nothing is decided by it, and it has no seal. */
export interface BalanceSamplesTable {
  agent_id: string;
  asset: string;
  /** Begin of the hour. */
  hour: number;
  read_at: number;
  /** Base units. */
  balance: string;
  decimals: number;
  symbol: string;
}
