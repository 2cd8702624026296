import { z } from 'zod';
import { idSchema, moneySchema, timestampSchema } from './api/common.ts';
import {
  autoStopActionSchema,
  autoStopRuleTypeSchema,
  type NotificationLevel,
  notificationChannelTypeSchema,
  policyTypeSchema,
  suspensionReasonSchema,
  tierSchema,
} from './enums.ts';
import { chainSchema, networkSchema } from './network.ts';

/*
 * Everything the owner is told of (05 §2.3, 04 §21). One schema for each event: the type, the templates, the stored form
 * and what webhooks receive all come from it. Amounts are base units as decimal strings, times are ISO 8601.
 *
 * Texts that an agent chose (memo, names, reasons) are carried as they are; each channel escapes them for its own markup.
 */

/** Text for people, of any length: channels cut what they cannot carry. */
const textSchema = z.string();
/** A short word of the domain, such as CHAIN_ERROR. */
const tokenSchema = z.string().min(1);
/** `agent:<id>`, `owner:<address>`, `owner_telegram`, `operator`, `auto_stop` or `system`: as in the audit log. */
const actorSchema = z.string().min(1);

/** A payment, as every message about one tells it. Taken from the sealed intent wherever that can be read. */
export const notifiedPaymentSchema = z.strictObject({
  txId: idSchema,
  agentId: idSchema,
  chain: chainSchema,
  network: networkSchema,
  asset: z.string(),
  /** Base units. */
  amount: moneySchema,
  /** What a whole unit of the asset is; null when the daemon has no words for it, then the amount is told in base units. */
  unit: z.strictObject({ symbol: z.string().min(1), decimals: z.int().min(0) }).nullable(),
  /** Recipient in full. */
  to: z.string(),
  memo: textSchema.nullable(),
});
/** A payment, as messages tell it. */
export type NotifiedPayment = z.infer<typeof notifiedPaymentSchema>;

/** An amount of an asset, as it is told. */
const notifiedAmountSchema = notifiedPaymentSchema.pick({
  chain: true,
  network: true,
  asset: true,
  amount: true,
  unit: true,
});
/** An amount of an asset, as messages tell it. */
export type NotifiedAmount = z.infer<typeof notifiedAmountSchema>;

const aboutPayment = <Event extends string, Shape extends z.ZodRawShape>(event: Event, shape: Shape) =>
  z.strictObject({ event: z.literal(event), payment: notifiedPaymentSchema, ...shape });
const about = <Event extends string, Shape extends z.ZodRawShape>(event: Event, shape: Shape) =>
  z.strictObject({ event: z.literal(event), ...shape });

/** A session, as messages tell it. */
const sessionShape = { sessionId: idSchema, agentId: idSchema };

export const notificationEventSchema = z.discriminatedUnion('event', [
  /** A payment of tier NOTIFY was sent. */
  aboutPayment('TX_NOTIFY', { txHash: z.string() }),
  /** A payment waits for its cool-down; it runs by itself at `executesAt` unless somebody rejects it. */
  aboutPayment('TX_DELAY_QUEUED', { executesAt: timestampSchema }),
  /** A delayed payment was carried out. */
  aboutPayment('TX_DELAY_EXECUTED', { txHash: z.string() }),
  /** A payment waits for the signature of the owner, until `expiresAt`. */
  aboutPayment('TX_APPROVAL_REQUEST', { expiresAt: timestampSchema }),
  /** Nobody approved in time, or there was nobody left to ask. */
  aboutPayment('TX_APPROVAL_EXPIRED', { reason: z.enum(['timeout', 'owner_changed', 'owner_disconnected']) }),
  /** The chain has executed a payment. Not told for INSTANT. */
  aboutPayment('TX_CONFIRMED', { tier: tierSchema, txHash: z.string() }),
  /** A payment ended without being paid. `code` is a token such as ONCHAIN_FAILURE, never free text of a node. */
  aboutPayment('TX_FAILED', { code: tokenSchema, txHash: z.string().nullable() }),
  /** A waiting payment was ended: rejected by somebody, or no longer allowed. */
  aboutPayment('TX_CANCELLED', { by: actorSchema, code: tokenSchema, reason: textSchema.nullable() }),
  /** A payment that had been given up was executed by the chain after all; it counts towards every cap. */
  aboutPayment('TX_LATE_LANDING', { txHash: z.string() }),

  about('SESSION_CREATED', { ...sessionShape, expiresAt: timestampSchema, by: actorSchema }),
  about('SESSION_RENEWED', { ...sessionShape, expiresAt: timestampSchema, renewalsLeft: z.int().min(0) }),
  about('SESSION_REVOKED', { ...sessionShape, by: actorSchema, transactionsCancelled: z.int().min(0) }),
  /** A session that cannot or did not renew itself ends soon. */
  about('SESSION_EXPIRING', { ...sessionShape, expiresAt: timestampSchema }),

  about('AGENT_CREATED', {
    agentId: idSchema,
    chain: chainSchema,
    network: networkSchema,
    publicKey: z.string(),
    by: actorSchema,
  }),
  about('AGENT_SUSPENDED', { agentId: idSchema, reason: suspensionReasonSchema, by: actorSchema }),
  about('AGENT_RESUMED', { agentId: idSchema, by: actorSchema }),
  /** Somebody has begun the end of an agent: its funds go to the owner, and then it is over. */
  about('AGENT_TERMINATING', { agentId: idSchema, by: actorSchema }),
  /** Its wallet was empty, or what is left was given up; its key is put away. */
  about('AGENT_TERMINATED', { agentId: idSchema }),
  /** An agent cannot come to its end by itself; `problem` is a token such as ASSETS_LEFT or NO_DESTINATION. */
  about('AGENT_TERMINATION_STUCK', { agentId: idSchema, problem: tokenSchema }),
  /** Somebody has paid to the address of an agent that has ended. */
  about('LATE_DEPOSIT', { agentId: idSchema, address: z.string() }),

  /** Somebody has asked for everything an agent holds. */
  about('RECALL_REQUESTED', { recallId: idSchema, agentId: idSchema, destination: z.string(), by: actorSchema }),
  about('RECALL_ENDED', {
    recallId: idSchema,
    agentId: idSchema,
    destination: z.string(),
    status: z.enum(['COMPLETED', 'PARTIAL', 'FAILED']),
    /** How many transactions have moved something, and how many things were left. */
    moved: z.int().min(0),
    left: z.int().min(0),
  }),
  /** Another address was registered for an agent's funds; it counts from `activeFrom` on, unless the owner changes it again. */
  about('RECOVERY_ADDRESS_SET', {
    agentId: idSchema,
    address: z.string(),
    activeFrom: timestampSchema,
    by: actorSchema,
  }),

  /** The rules of payments were changed. `agentId` null: those of all agents. */
  about('POLICY_CHANGED', {
    change: z.enum(['created', 'updated', 'deleted']),
    policyId: idSchema,
    policyType: policyTypeSchema,
    agentId: idSchema.nullable(),
    by: actorSchema,
  }),
  /** Who owns the funds was changed. */
  about('OWNER_CHANGED', {
    change: z.enum(['connected', 'changed', 'disconnected']),
    chain: chainSchema,
    /** The owner from now on; when disconnected, the one there was. */
    address: z.string(),
    by: actorSchema,
  }),

  /** Where the owner is told things was changed: told over every channel there is then, so that nobody silences them alone. */
  about('CHANNEL_CHANGED', {
    change: z.enum(['created', 'updated', 'deleted']),
    channelId: idSchema,
    channelType: notificationChannelTypeSchema,
    channelName: textSchema,
    by: actorSchema,
  }),
  /**
   * Settings were changed while the daemon runs: among them whether the owner is told anything, and whether agents are stopped
   * by themselves. Told also while nothing else is.
   */
  about('SETTINGS_CHANGED', {
    changes: z
      .array(z.strictObject({ setting: tokenSchema, value: z.union([z.boolean(), z.int(), tokenSchema]) }))
      .min(1),
    by: actorSchema,
  }),
  /** When agents are stopped by themselves was changed. `agentId` null: for all agents. */
  about('AUTO_STOP_RULE_CHANGED', {
    change: z.enum(['created', 'updated', 'deleted']),
    ruleId: idSchema,
    ruleType: autoStopRuleTypeSchema,
    agentId: idSchema.nullable(),
    /** As it is from now on; when deleted, as it was. */
    action: autoStopActionSchema,
    enabled: z.boolean(),
    by: actorSchema,
  }),
  /** From this chat the daemon can be looked at and stopped from now on, or no longer. */
  about('TELEGRAM_PAIRING_CHANGED', {
    change: z.enum(['paired', 'unpaired']),
    channelId: idSchema,
    channelName: textSchema,
    by: actorSchema,
  }),

  about('KILL_SWITCH_ACTIVATED', {
    reason: textSchema,
    by: actorSchema,
    sessionsRevoked: z.int().min(0),
    transactionsCancelled: z.int().min(0),
    agentsSuspended: z.int().min(0),
    activatedAt: timestampSchema,
  }),
  about('KILL_SWITCH_RECOVERED', { by: actorSchema, agentsReactivated: z.int().min(0), recoveredAt: timestampSchema }),
  about('AUTO_STOP_TRIGGERED', {
    agentId: idSchema,
    ruleId: idSchema,
    ruleType: autoStopRuleTypeSchema,
    action: autoStopActionSchema,
    /** One sentence with the measured value and the limit. */
    reason: textSchema,
  }),

  /** A sealed row is not what the daemon wrote: somebody has edited the database. It counts as denying. */
  about('SEAL_BROKEN', { what: tokenSchema, id: z.string().nullable(), agentId: idSchema.nullable() }),
  /** The audit log is not the one that was written. */
  about('AUDIT_CHAIN_BROKEN', {
    /** The last row that is certain to be the daemon's; null when none is. */
    sealedTo: z.int().min(0).nullable(),
  }),

  /** The sealed end of the audit log: the line is one of the file of heads, for keeping where the daemon's disk is not. */
  about('AUDIT_HEAD', { auditId: z.int().min(0), line: z.string().min(1) }),
  /** What happened in a day, UTC; told only where it is asked for. */
  about('DAILY_SUMMARY', {
    day: z.iso.date(),
    confirmed: z.int().min(0),
    failed: z.int().min(0),
    /** What was paid, the most frequent asset first, and how many assets there were beside. */
    paid: z.array(z.strictObject({ ...notifiedAmountSchema.shape, payments: z.int().min(1) })),
    morePaid: z.int().min(0),
    /** At the time of the summary. */
    waitingApprovals: z.int().min(0),
    suspendedAgents: z.int().min(0),
  }),
  /** A network has failed again and again; payments over it are refused until it is tried again. Told once per outage. */
  about('NETWORK_PAUSED', { chain: chainSchema, network: networkSchema, until: timestampSchema }),

  about('DAEMON_STARTED', {
    version: z.string(),
    /** What the last run left behind and this start took up. */
    cancelled: z.int().min(0),
    failed: z.int().min(0),
    expired: z.int().min(0),
    followed: z.int().min(0),
  }),
  about('DAEMON_STOPPED', { reason: z.string() }),
  /** The daemon ended because of a fault of its own. */
  about('DAEMON_CRASHED', { kind: tokenSchema }),

  /** One channel can no longer be reached; told over the others, once per outage. */
  about('CHANNEL_UNHEALTHY', { channelId: idSchema, channelName: textSchema, failures: z.int().min(1) }),
  /** Sent on request, to one channel. */
  about('CHANNEL_TEST', { channelId: idSchema, channelName: textSchema, by: actorSchema }),
]);

/** Something the owner is told of. */
export type NotificationEvent = z.infer<typeof notificationEventSchema>;
/** Name of an event. */
export type NotificationEventName = NotificationEvent['event'];
/** The data of one event. */
export type NotificationEventOf<Name extends NotificationEventName> = Extract<NotificationEvent, { event: Name }>;

/** How an event is told. */
export interface NotificationRule {
  readonly level: NotificationLevel;
  /** To the first channel that takes it, or to all of them (05 §2.6, §2.7). */
  readonly delivery: 'fallback' | 'broadcast';
}

const fallback = (level: NotificationLevel): NotificationRule => ({ level, delivery: 'fallback' });
const broadcast = (level: NotificationLevel): NotificationRule => ({ level, delivery: 'broadcast' });

/** Languages that messages are written in. */
export const NOTIFICATION_LOCALES = ['en', 'ko'] as const;
export const notificationLocaleSchema = z.enum(NOTIFICATION_LOCALES);
/** Language of a message. */
export type NotificationLocale = (typeof NOTIFICATION_LOCALES)[number];

const RULES: Readonly<Record<NotificationEventName, NotificationRule>> = {
  TX_NOTIFY: fallback('INFO'),
  TX_DELAY_QUEUED: fallback('INFO'),
  TX_DELAY_EXECUTED: fallback('INFO'),
  // Everybody who may be the owner's eye is asked at once: the deadline runs (04 §21, FIX C25).
  TX_APPROVAL_REQUEST: broadcast('WARNING'),
  TX_APPROVAL_EXPIRED: fallback('WARNING'),
  TX_CONFIRMED: fallback('INFO'),
  TX_FAILED: fallback('WARNING'),
  TX_CANCELLED: fallback('INFO'),
  TX_LATE_LANDING: broadcast('CRITICAL'),
  SESSION_CREATED: fallback('INFO'),
  SESSION_RENEWED: fallback('INFO'),
  SESSION_REVOKED: fallback('INFO'),
  SESSION_EXPIRING: fallback('INFO'),
  AGENT_CREATED: fallback('INFO'),
  AGENT_SUSPENDED: fallback('WARNING'),
  AGENT_RESUMED: fallback('INFO'),
  AGENT_TERMINATING: fallback('WARNING'),
  AGENT_TERMINATED: fallback('INFO'),
  AGENT_TERMINATION_STUCK: broadcast('CRITICAL'),
  LATE_DEPOSIT: fallback('WARNING'),
  RECALL_REQUESTED: broadcast('WARNING'),
  RECALL_ENDED: fallback('WARNING'),
  // There is a day to stop it, and nobody else would say so.
  RECOVERY_ADDRESS_SET: broadcast('CRITICAL'),
  POLICY_CHANGED: fallback('WARNING'),
  OWNER_CHANGED: broadcast('CRITICAL'),
  CHANNEL_CHANGED: broadcast('WARNING'),
  SETTINGS_CHANGED: broadcast('WARNING'),
  AUTO_STOP_RULE_CHANGED: broadcast('WARNING'),
  TELEGRAM_PAIRING_CHANGED: broadcast('WARNING'),
  KILL_SWITCH_ACTIVATED: broadcast('CRITICAL'),
  KILL_SWITCH_RECOVERED: broadcast('WARNING'),
  AUTO_STOP_TRIGGERED: broadcast('CRITICAL'),
  SEAL_BROKEN: broadcast('CRITICAL'),
  AUDIT_CHAIN_BROKEN: broadcast('CRITICAL'),
  AUDIT_HEAD: fallback('INFO'),
  DAILY_SUMMARY: fallback('INFO'),
  NETWORK_PAUSED: fallback('WARNING'),
  DAEMON_STARTED: fallback('INFO'),
  DAEMON_STOPPED: fallback('INFO'),
  DAEMON_CRASHED: broadcast('CRITICAL'),
  CHANNEL_UNHEALTHY: fallback('WARNING'),
  CHANNEL_TEST: fallback('INFO'),
};

/** Names of all events. */
export const NOTIFICATION_EVENTS: readonly NotificationEventName[] = notificationEventSchema.options.map(
  (option) => option.shape.event.value,
);

/** How an event is told: level and delivery. An auto-stop rule that only warns does not wake everybody (05 §4.6). */
export function notificationRule(event: NotificationEvent): NotificationRule {
  if (event.event === 'AUTO_STOP_TRIGGERED' && event.action === 'WARN') return fallback('WARNING');
  return RULES[event.event];
}

/** In what order events are told that wait at the same time: 0 first. */
export type NotificationUrgency = 0 | 1 | 2;

/**
 * In what order events are told. Alarms go first, then what the owner can still do something about, then what is only to
 * be known: however many payments an agent lets fail, the news of them does not keep a request to approve, or a payment
 * that can still be stopped, from being told in time.
 */
export function notificationUrgency(event: NotificationEvent): NotificationUrgency {
  const { level } = notificationRule(event);
  if (level === 'CRITICAL') return 0;
  if (event.event === 'TX_APPROVAL_REQUEST' || event.event === 'TX_DELAY_QUEUED') return 1;
  // An agent can cause as many of these as it likes.
  if ('payment' in event) return 2;
  return level === 'WARNING' ? 1 : 2;
}

/**
 * What an event is about: with its name, the key by which repetitions are recognised. Null for events that are told
 * every time (05 §2.9).
 */
export function notificationReference(event: NotificationEvent): string | null {
  if ('payment' in event) return event.payment.txId;
  if ('sessionId' in event) return event.sessionId;
  // Met at every use of the row; said once in a while.
  if (event.event === 'SEAL_BROKEN') return [event.what, event.agentId, event.id].join(':');
  return null;
}

/**
 * Where parts of the daemon report what the owner should hear of. The call waits for no channel and throws nothing,
 * whatever state the channels and the database are in: nothing ever depends on a message about it.
 *
 * An event that belongs to a change of state is not reported here: the unit of work that makes the change stores it
 * (`notify` of the storage package), so that no crash loses it.
 */
export interface Notifier {
  /** Reports something that has happened. Returns at once. */
  report(event: NotificationEvent): void;
}
