import { z } from 'zod';

/**
 * One source for each enumeration: the tuple. The zod schema, the TypeScript type and the Kysely column type are derived
 * from it. The SQL CHECKs are written out in the steps of the schema, which never change, and a test holds them against
 * it, so that they cannot drift apart either (01 §2.4, 04 §1).
 */

/** States of a transaction. The last four are terminal (04 §1, §4). */
export const TRANSACTION_STATUSES = [
  'PENDING',
  'QUEUED',
  'EXECUTING',
  'SUBMITTED',
  'CONFIRMED',
  'FAILED',
  'CANCELLED',
  'EXPIRED',
] as const;
export const transactionStatusSchema = z.enum(TRANSACTION_STATUSES);
/** State of a transaction. */
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

/** How much of a say the owner has in a payment, from none to a signature (04 §1). Ordered: later is stricter. */
export const TIERS = ['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL'] as const;
export const tierSchema = z.enum(TIERS);
/** Tier of an admitted payment. */
export type Tier = (typeof TIERS)[number];

/** What a transaction moves: the native asset, or a token (04 §6.1). */
export const TRANSACTION_TYPES = ['TRANSFER', 'TOKEN_TRANSFER'] as const;
export const transactionTypeSchema = z.enum(TRANSACTION_TYPES);
/** Kind of transaction. */
export type TransactionType = (typeof TRANSACTION_TYPES)[number];

/** Why funds are taken back: somebody asked, or the agent ends (08 §2.5.1). */
export const RECALL_KINDS = ['MANUAL', 'TERMINATION'] as const;
export const recallKindSchema = z.enum(RECALL_KINDS);
/** Why funds are taken back. */
export type RecallKind = (typeof RECALL_KINDS)[number];

/** States of a recall (08 §2.5.1). The last three are terminal: all of it moved, some of it, nothing. */
export const RECALL_STATUSES = ['PENDING', 'EXECUTING', 'COMPLETED', 'PARTIAL', 'FAILED'] as const;
export const recallStatusSchema = z.enum(RECALL_STATUSES);
/** State of a recall. */
export type RecallStatus = (typeof RECALL_STATUSES)[number];

/** Fee level of a payment: minimum, median or maximum of the recent priority fees (02 §11). */
export const FEE_PRIORITIES = ['low', 'medium', 'high'] as const;
export const feePrioritySchema = z.enum(FEE_PRIORITIES);
/** Fee level. */
export type FeePriority = (typeof FEE_PRIORITIES)[number];

/** Life cycle of an agent (01 §2.4). */
export const AGENT_STATUSES = ['CREATING', 'ACTIVE', 'SUSPENDED', 'TERMINATING', 'TERMINATED'] as const;
export const agentStatusSchema = z.enum(AGENT_STATUSES);
/** State of an agent. */
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** Why an agent is suspended; exact tokens, free text belongs into the audit details (01 §6.1). */
export const SUSPENSION_REASONS = ['kill_switch', 'policy_violation', 'manual', 'auto_stop'] as const;
export const suspensionReasonSchema = z.enum(SUSPENSION_REASONS);
/** Reason of a suspension. */
export type SuspensionReason = (typeof SUSPENSION_REASONS)[number];

/** The four kinds of policy (04 §1). */
export const POLICY_TYPES = ['SPENDING_LIMIT', 'WHITELIST', 'TIME_RESTRICTION', 'RATE_LIMIT'] as const;
export const policyTypeSchema = z.enum(POLICY_TYPES);
/** Kind of policy. */
export type PolicyType = (typeof POLICY_TYPES)[number];

/** State of the kill switch (05). */
export const KILL_SWITCH_STATUSES = ['NORMAL', 'ACTIVATED', 'RECOVERING'] as const;
export const killSwitchStatusSchema = z.enum(KILL_SWITCH_STATUSES);
/** State of the kill switch. */
export type KillSwitchStatus = (typeof KILL_SWITCH_STATUSES)[number];

/** Who engaged the kill switch (05). */
export const KILL_SWITCH_ACTORS = ['owner', 'auto_stop', 'admin', 'system'] as const;
export const killSwitchActorSchema = z.enum(KILL_SWITCH_ACTORS);
/** Who engaged the kill switch. */
export type KillSwitchActor = (typeof KILL_SWITCH_ACTORS)[number];

/** What a session token may be used for (03 §9). */
export const SESSION_OPERATIONS = ['TRANSFER', 'TOKEN_TRANSFER', 'PROGRAM_CALL', 'BALANCE_CHECK'] as const;
export const sessionOperationSchema = z.enum(SESSION_OPERATIONS);
/** Operation a session may be limited to. */
export type SessionOperation = (typeof SESSION_OPERATIONS)[number];

/** Weight of an audit row; lower case on purpose, notification levels are another enumeration (04 §1). */
export const AUDIT_SEVERITIES = ['info', 'warning', 'critical'] as const;
export const auditSeveritySchema = z.enum(AUDIT_SEVERITIES);
/** Weight of an audit row. */
export type AuditSeverity = (typeof AUDIT_SEVERITIES)[number];

/** Weight of a notification (05). */
export const NOTIFICATION_LEVELS = ['INFO', 'WARNING', 'CRITICAL'] as const;
export const notificationLevelSchema = z.enum(NOTIFICATION_LEVELS);
/** Weight of a notification. */
export type NotificationLevel = (typeof NOTIFICATION_LEVELS)[number];

/** Kinds of notification channel (05). */
export const NOTIFICATION_CHANNEL_TYPES = ['TELEGRAM', 'DISCORD', 'NTFY', 'SLACK', 'WEBHOOK'] as const;
export const notificationChannelTypeSchema = z.enum(NOTIFICATION_CHANNEL_TYPES);
/** Kind of notification channel. */
export type NotificationChannelType = (typeof NOTIFICATION_CHANNEL_TYPES)[number];

/** Outcome of a notification (01 §2.3). */
export const NOTIFICATION_STATUSES = ['DELIVERED', 'FAILED', 'RATE_LIMITED', 'ALL_FAILED'] as const;
export const notificationStatusSchema = z.enum(NOTIFICATION_STATUSES);
/** Outcome of a notification. */
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** Kinds of auto-stop rule (05). TIME_RESTRICTION here is unrelated to the policy of that name. */
export const AUTO_STOP_RULE_TYPES = [
  'CONSECUTIVE_FAILURES',
  'TIME_RESTRICTION',
  'DAILY_LIMIT_THRESHOLD',
  'HOURLY_RATE',
  'ANOMALY_PATTERN',
] as const;
export const autoStopRuleTypeSchema = z.enum(AUTO_STOP_RULE_TYPES);
/** Kind of auto-stop rule. */
export type AutoStopRuleType = (typeof AUTO_STOP_RULE_TYPES)[number];

/** What an auto-stop rule does when it fires (05). */
export const AUTO_STOP_ACTIONS = ['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] as const;
export const autoStopActionSchema = z.enum(AUTO_STOP_ACTIONS);
/** Action of an auto-stop rule. */
export type AutoStopAction = (typeof AUTO_STOP_ACTIONS)[number];

/**
 * Names of audit rows (01 §2.4). The database takes any name, so that a later version's rows survive a downgrade; code
 * writes only these.
 */
export const AUDIT_EVENTS = [
  'AGENT_CREATED',
  'AGENT_ACTIVATED',
  'AGENT_SUSPENDED',
  'AGENT_TERMINATING',
  'AGENT_TERMINATED',
  'RECALL_REQUESTED',
  'RECALL_STARTED',
  'RECALL_ENDED',
  'RECOVERY_ADDRESS_SET',
  'KEY_ARCHIVED',
  'LATE_DEPOSIT',
  'AGENT_KEY_EXPORTED',
  'AGENT_KEY_IMPORTED',
  'BACKUP_CREATED',
  'BACKUP_RESTORED',
  'SESSION_ISSUED',
  'SESSION_REVOKED',
  'SESSION_EXPIRED',
  'SESSION_CLEANUP',
  'SESSION_RENEWED',
  'TX_REQUESTED',
  'TX_SESSION_CHECK',
  'TX_QUEUED',
  'TX_POSTPONED',
  'TX_APPROVED',
  'TX_PRE_APPROVED',
  'TX_CLAIMED',
  'TX_SIGNED',
  'TX_SUBMITTED',
  'TX_REPLACEMENT_DECIDED',
  'TX_REPLACED',
  'TX_WATCHED_ONLY',
  'TX_CONFIRMED',
  'TX_FAILED',
  'TX_CANCELLED',
  'TX_LATE_LANDING',
  'POLICY_VIOLATION',
  'POLICY_CREATED',
  'POLICY_UPDATED',
  'POLICY_DELETED',
  'POLICY_DISABLED',
  'SEAL_BROKEN',
  'AUDIT_CHAIN_BROKEN',
  'AUDIT_ROWS_ADOPTED',
  'ROWS_SEALED',
  'LEDGER_SEALED',
  'AGENTS_SEALED',
  'AUTO_STOP_SEALED',
  'EVENTS_SEALED',
  'KEYSTORE_UNLOCKED',
  'KEYSTORE_LOCKED',
  'KEY_ROTATED',
  'SETTINGS_UPDATED',
  'PASSWORD_CHANGED',
  'SECRET_ROTATED',
  'PREVIOUS_SECRET_EXPIRED',
  'OWNER_CONNECTED',
  'OWNER_DISCONNECTED',
  'OWNER_CHANGED',
  'KILL_SWITCH_ACTIVATED',
  'KILL_SWITCH_RECOVERY_STARTED',
  'KILL_SWITCH_RECOVERY_FAILED',
  'KILL_SWITCH_RECOVERED',
  'KILL_SWITCH_LOCK_FAILED',
  'AUTO_STOP_WARN',
  'AUTO_STOP_SUSPEND',
  'AUTO_STOP_KILL_SWITCH',
  'AUTO_STOP_RULE_CREATED',
  'AUTO_STOP_RULE_UPDATED',
  'AUTO_STOP_RULE_DELETED',
  'CIRCUIT_OPENED',
  'CIRCUIT_CLOSED',
  'CHANNEL_CREATED',
  'CHANNEL_UPDATED',
  'CHANNEL_DELETED',
  'CHANNEL_TESTED',
  'CHANNEL_REDELIVERED',
  'TELEGRAM_PAIRED',
  'TELEGRAM_UNPAIRED',
  'NOTIFICATION_ALL_FAILED',
  'DAEMON_STARTED',
  'DAEMON_STOPPED',
  'DAEMON_SHUTDOWN_INITIATED',
  'DAEMON_FORCED_SHUTDOWN',
  'DAEMON_CRASH',
  'DAEMON_UNHANDLED_REJECTION',
  'DAEMON_RECOVERED',
  'CLOCK_SET_BACK',
  'CLOCK_GAP',
  'CLOCK_ACCEPTED',
  'OPERATOR_LOGIN',
  'OPERATOR_LOGOUT',
  'AUTH_FAILED',
  'RATE_LIMIT_EXCEEDED',
] as const;
/** Name of an audit row. */
export type AuditEvent = (typeof AUDIT_EVENTS)[number];
