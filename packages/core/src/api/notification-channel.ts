import { z } from 'zod';
import { notificationChannelTypeSchema, notificationLevelSchema, notificationStatusSchema } from '../enums.ts';
import { NOTIFICATION_EVENTS, notificationLocaleSchema } from '../notification-event.ts';
import { idSchema, nextCursorSchema, pageQuery, timestampSchema } from './common.ts';

/** Longest secret or address of a channel. */
const TEXT_MAX = 2048;

/** A URL without credentials and fragment. What it may lead to is decided when it is used. */
const urlSchema = z
  .string()
  .max(TEXT_MAX)
  .refine((value) => {
    if (!URL.canParse(value)) return false;
    const { protocol, username, password, hash } = new URL(value);
    return ['https:', 'http:'].includes(protocol) && username === '' && password === '' && hash === '';
  }, 'must be an http(s) URL without credentials and fragment');

/** A chat of the Telegram bot `botToken` belongs to. */
export const telegramChannelConfigSchema = z.strictObject({
  botToken: z.string().regex(/^\d{1,20}:[A-Za-z0-9_-]{20,100}$/, 'must be a bot token as @BotFather gives it'),
  chatId: z.string().regex(/^(-?\d{1,20}|@[A-Za-z][A-Za-z0-9_]{3,40})$/, 'must be a chat id or @channel'),
  /** A Bot API server of your own. Default https://api.telegram.org. */
  apiUrl: urlSchema.optional(),
});

/** A Discord webhook. The whole URL is the secret. */
export const discordChannelConfigSchema = z.strictObject({ webhookUrl: urlSchema });

/** A topic of an ntfy server. */
export const ntfyChannelConfigSchema = z.strictObject({
  serverUrl: urlSchema.default('https://ntfy.sh'),
  topic: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - and _'),
  authToken: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/, 'must be printable ASCII without spaces')
    .optional(),
});

/** An incoming webhook of Slack, or of what speaks like it. The whole URL is the secret. */
export const slackChannelConfigSchema = z.strictObject({ webhookUrl: urlSchema });

/** A webhook of your own. Deliveries are signed with the secret; without one, the daemon makes it and tells it once. */
export const webhookChannelConfigSchema = z.strictObject({
  url: urlSchema,
  secret: z
    .string()
    .regex(/^[\x21-\x7e]{32,256}$/, 'must be 32 to 256 printable ASCII characters without spaces')
    .optional(),
});

const nameSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line without control characters');
const prioritySchema = z.int().min(-1000).max(1000);

const createOf = <Type extends string, Config extends z.ZodType>(type: Type, config: Config) =>
  z.strictObject({
    type: z.literal(type),
    name: nameSchema,
    config,
    /** Higher is tried first. */
    priority: prioritySchema.default(0),
    enabled: z.boolean().default(true),
    locale: notificationLocaleSchema.default('en'),
  });

/** Body of POST /v1/owner/notification-channels. */
export const notificationChannelCreateSchema = z.discriminatedUnion('type', [
  createOf('TELEGRAM', telegramChannelConfigSchema),
  createOf('DISCORD', discordChannelConfigSchema),
  createOf('NTFY', ntfyChannelConfigSchema),
  createOf('SLACK', slackChannelConfigSchema),
  createOf('WEBHOOK', webhookChannelConfigSchema),
]);
export type NotificationChannelCreate = z.input<typeof notificationChannelCreateSchema>;
/** A new channel as validation leaves it: defaults filled in. */
export type NewNotificationChannel = z.output<typeof notificationChannelCreateSchema>;

/**
 * Body of PUT /v1/owner/notification-channels/:channelId. The type never changes. Fields of `config` that are absent, or
 * are sent back masked as they were shown, stay what they are; null removes an optional one.
 */
export const notificationChannelUpdateSchema = z
  .strictObject({
    name: nameSchema.optional(),
    config: z.record(z.string(), z.string().max(TEXT_MAX).nullable()).optional(),
    priority: prioritySchema.optional(),
    enabled: z.boolean().optional(),
    locale: notificationLocaleSchema.optional(),
    /** WEBHOOK: makes a new secret, told once in the answer. Deliveries carry both signatures for a day. */
    rotateSecret: z.boolean().optional(),
  })
  .refine((value) => Object.values(value).some((field) => field !== undefined), 'must change something');
export type NotificationChannelUpdate = z.infer<typeof notificationChannelUpdateSchema>;

/** A channel, as it is shown: secrets masked. */
export const notificationChannelSchema = z.object({
  id: idSchema,
  type: notificationChannelTypeSchema,
  name: z.string(),
  enabled: z.boolean(),
  priority: z.int(),
  locale: notificationLocaleSchema,
  /** TELEGRAM: whether the owner steers the daemon from this chat. */
  paired: z.boolean(),
  /** Masked; empty when the stored configuration is not the one that the daemon wrote. */
  config: z.record(z.string(), z.string()),
  /**
   * `unknown` until it was tried. `failing`: lately it failed once or twice. `unreachable`: three times or more; it does
   * not count as a way to reach the owner. `not_authentic`: somebody has edited the row; it is not used.
   */
  health: z.enum(['unknown', 'healthy', 'failing', 'unreachable', 'not_authentic']),
  lastCheckAt: timestampSchema.nullable(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});
export type NotificationChannel = z.infer<typeof notificationChannelSchema>;

/** Answer of GET /v1/owner/notification-channels. */
export const notificationChannelListResponseSchema = z.object({
  channels: z.array(notificationChannelSchema),
  /** Whether the daemon sends notifications at all. */
  enabled: z.boolean(),
  /** Channels that can reach the owner now. */
  reachable: z.int(),
  /** Fewer than these, and payments of tier NOTIFY and DELAY wait for an approval instead. */
  minChannels: z.int(),
});
export type NotificationChannelListResponse = z.infer<typeof notificationChannelListResponseSchema>;

/** Answer of POST and PUT. */
export const notificationChannelResponseSchema = z.object({
  channel: notificationChannelSchema,
  /** WEBHOOK: the secret that the daemon has just made. Never shown again. */
  secret: z.string().optional(),
});
export type NotificationChannelResponse = z.infer<typeof notificationChannelResponseSchema>;

/** Answer of DELETE /v1/owner/notification-channels/:channelId. */
export const notificationChannelDeleteResponseSchema = z.object({ deleted: z.literal(true), channelId: idSchema });
export type NotificationChannelDeleteResponse = z.infer<typeof notificationChannelDeleteResponseSchema>;

/** Answer of POST /v1/owner/notification-channels/:channelId/test. */
export const notificationChannelTestResponseSchema = z.object({
  success: z.boolean(),
  channelId: idSchema,
  /** HTTP status of the answer; absent when there was none. */
  status: z.int().optional(),
  latencyMs: z.int(),
  /** What went wrong, without secrets. */
  error: z.string().optional(),
  /** Seconds after which the service takes messages again. */
  retryAfter: z.number().optional(),
});
export type NotificationChannelTestResponse = z.infer<typeof notificationChannelTestResponseSchema>;

/** Query of GET /v1/owner/notification-log. Everything given narrows the list. */
export const notificationLogQuerySchema = z.strictObject({
  ...pageQuery,
  channelId: idSchema.optional(),
  event: z.enum(NOTIFICATION_EVENTS).optional(),
  status: notificationStatusSchema.optional(),
  /** A transaction or a session. */
  referenceId: z.string().min(1).max(200).optional(),
});
export type NotificationLogQuery = z.output<typeof notificationLogQuerySchema>;

/** What became of one attempt to tell an event. */
export const notificationLogEntrySchema = z.object({
  id: idSchema,
  /** The event; the same at every attempt and over every channel, and in what webhooks receive. */
  notificationId: idSchema.nullable(),
  /** Null for what is about all channels, and for a channel that was removed. */
  channelId: idSchema.nullable(),
  event: z.string(),
  level: notificationLevelSchema,
  referenceId: z.string().nullable(),
  status: notificationStatusSchema,
  /** What went wrong, without secrets. */
  error: z.string().nullable(),
  /** Repetitions within the attempt. */
  retries: z.int(),
  sentAt: timestampSchema,
});
export type NotificationLogEntry = z.infer<typeof notificationLogEntrySchema>;

/** Answer of GET /v1/owner/notification-log. */
export const notificationLogResponseSchema = z.object({
  entries: z.array(notificationLogEntrySchema),
  nextCursor: nextCursorSchema,
});
export type NotificationLogResponse = z.infer<typeof notificationLogResponseSchema>;

/** Query of GET /v1/owner/notification-channels/:channelId/dead-letters. */
export const deadLetterQuerySchema = z.strictObject(pageQuery);
export type DeadLetterQuery = z.output<typeof deadLetterQuerySchema>;

/** An event that a webhook has not taken and that is not tried over it any more. */
export const deadLetterSchema = z.object({
  /** The event: `id` of what the webhook receives, the same at every attempt and when it is sent again. */
  deliveryId: idSchema,
  channelId: idSchema,
  /** Its place among all events; the webhook receives it, too. */
  sequence: z.int(),
  event: z.string(),
  level: notificationLevelSchema,
  /** A transaction or a session. */
  referenceId: z.string().nullable(),
  createdAt: timestampSchema,
  givenUpAt: timestampSchema,
  /** It is forgotten then. */
  keptUntil: timestampSchema,
  /** What went wrong the last time, without secrets. */
  error: z.string(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** Answer of GET /v1/owner/notification-channels/:channelId/dead-letters. */
export const deadLetterListResponseSchema = z.object({
  deadLetters: z.array(deadLetterSchema),
  nextCursor: nextCursorSchema,
});
export type DeadLetterListResponse = z.infer<typeof deadLetterListResponseSchema>;

/** Body of POST /v1/owner/notification-channels/:channelId/redeliver. Without anything in it: all, from the oldest on. */
export const redeliverSchema = z
  .strictObject({
    /** This one only. */
    deliveryId: idSchema.optional(),
    /** Those after this one: `nextCursor` of the answer before. */
    cursor: idSchema.optional(),
  })
  .refine(({ deliveryId, cursor }) => deliveryId === undefined || cursor === undefined, 'has either one of them');
export type Redeliver = z.infer<typeof redeliverSchema>;

/** What became of an event that was sent again. */
export const redeliverySchema = z.object({
  deliveryId: idSchema,
  event: z.string(),
  success: z.boolean(),
  /** HTTP status of the answer; absent when there was none. */
  status: z.int().optional(),
  /** What went wrong, without secrets. */
  error: z.string().optional(),
});
export type Redelivery = z.infer<typeof redeliverySchema>;

/** Answer of POST /v1/owner/notification-channels/:channelId/redeliver. */
export const redeliverResponseSchema = z.object({
  channelId: idSchema,
  /** Those that were tried, in their order. */
  deliveries: z.array(redeliverySchema),
  /** There are more: ask again with this `cursor`. Null at the end, and when the receiver takes none at the moment. */
  nextCursor: nextCursorSchema,
  /** Seconds after which the receiver takes events again, where it has said so. */
  retryAfter: z.number().optional(),
});
export type RedeliverResponse = z.infer<typeof redeliverResponseSchema>;

/** Body of POST /v1/owner/telegram/verify. */
export const telegramVerifySchema = z.strictObject({
  /** The six digits that the bot has answered /auth with. */
  code: z.string().regex(/^\d{6}$/, 'must be six digits'),
});
export type TelegramVerify = z.infer<typeof telegramVerifySchema>;

/** Answer of POST /v1/owner/telegram/verify. */
export const telegramVerifyResponseSchema = z.object({
  paired: z.literal(true),
  /** The channel of the chat: added, or the one there was. */
  channelId: idSchema,
  chatId: z.string(),
  /** How whoever wrote to the bot calls themselves. Their own choice: see that it is you. */
  chatName: z.string(),
});
export type TelegramVerifyResponse = z.infer<typeof telegramVerifyResponseSchema>;

/** Answer of DELETE /v1/owner/telegram. */
export const telegramUnpairResponseSchema = z.object({
  /** False when no chat was paired. */
  unpaired: z.boolean(),
});
export type TelegramUnpairResponse = z.infer<typeof telegramUnpairResponseSchema>;
