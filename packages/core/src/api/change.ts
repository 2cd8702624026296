import { z } from 'zod';

/** What a change is about. */
export const CHANGE_TOPICS = [
  'transactions',
  'agents',
  'sessions',
  'policies',
  'owner',
  'killSwitch',
  'autoStop',
  'notifications',
  'daemon',
] as const;
export const changeTopicSchema = z.enum(CHANGE_TOPICS);
/** What a change is about. */
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

/** Something the daemon has done, as the audit log names it: what to look at again, and no more. */
export const changeSchema = z.object({
  /** Number of the row of the audit log. */
  id: z.int(),
  topic: changeTopicSchema,
  /** As in the audit log, such as `TX_QUEUED`. */
  event: z.string(),
  agentId: z.string().optional(),
  sessionId: z.string().optional(),
  transactionId: z.string().optional(),
});
export type Change = z.infer<typeof changeSchema>;

/** One message of GET /v1/owner/changes. The first one is empty: from here on nothing is missed. */
export const changeBatchSchema = z.object({
  /** In the order they were committed. */
  changes: z.array(changeSchema),
  /** False when more has happened than is told: then look at everything again. */
  complete: z.boolean(),
});
export type ChangeBatch = z.infer<typeof changeBatchSchema>;

const TOPIC_OF: readonly (readonly [RegExp, ChangeTopic])[] = [
  [/^(?:TX_|POLICY_VIOLATION$)/, 'transactions'],
  [/^(?:AGENT_|RECALL_|RECOVERY_ADDRESS_|KEY_ARCHIVED$|LATE_DEPOSIT$)/, 'agents'],
  [/^SESSION_/, 'sessions'],
  [/^POLICY_/, 'policies'],
  [/^OWNER_/, 'owner'],
  [/^(?:KILL_SWITCH_|KEYSTORE_)/, 'killSwitch'],
  [/^AUTO_STOP_/, 'autoStop'],
  [/^(?:CHANNEL_|TELEGRAM_|NOTIFICATION_)/, 'notifications'],
];

/**
 * What an event of the audit log is about.
 * @example topicOf('TX_QUEUED') // 'transactions'
 */
export const topicOf = (event: string): ChangeTopic =>
  TOPIC_OF.find(([pattern]) => pattern.test(event))?.[1] ?? 'daemon';
