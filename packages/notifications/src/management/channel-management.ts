import {
  type Clock,
  canonicalJson,
  discordChannelConfigSchema,
  type IdGenerator,
  isoFromSeconds,
  type NewNotificationChannel,
  type NotificationChannel,
  type NotificationChannelId,
  type NotificationChannelListResponse,
  type NotificationChannelResponse,
  type NotificationChannelTestResponse,
  type NotificationChannelType,
  type NotificationChannelUpdate,
  type NotificationEvent,
  type NotificationLocale,
  type NotificationLogQuery,
  type NotificationLogResponse,
  notificationChannelId,
  notificationRule,
  ntfyChannelConfigSchema,
  type RandomBytes,
  type RowSealer,
  type SecretBox,
  slackChannelConfigSchema,
  telegramChannelConfigSchema,
  unixSeconds,
  validationError,
  WaiaasError,
  webhookChannelConfigSchema,
} from '@waiaas/core';
import { actorName, auditOrigin, confirmOrigin, type RequestOrigin, refuseWhileLocked } from '@waiaas/management';
import {
  appendAudit,
  appendNotificationLog,
  type Db,
  deleteNotificationChannel,
  findNotificationChannel,
  insertNotificationChannel,
  listNotificationChannels,
  listNotificationLog,
  type NotificationChannelRow,
  recordChannelHealth,
  type Storage,
  type UnitOfWork,
  updateNotificationChannel,
} from '@waiaas/storage';
import type { z } from 'zod';
import type { SendResult } from '../channels/channel.ts';
import { type ChannelBook, UNREACHABLE_AFTER } from '../channels/channel-book.ts';
import { decryptConfig, encryptConfig } from '../channels/channel-secret.ts';
import { storedTelegramConfigSchema, storedWebhookConfigSchema } from '../channels/create-sender.ts';
import { TELEGRAM_API, type TelegramChat } from '../channels/telegram-channel.ts';
import { learn, type Timers } from '../delivery/attempt.ts';
import { messageOf } from '../delivery/dispatcher.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { keepWaiting } from './keep-waiting.ts';
import { maskConfig, mergeConfig } from './mask.ts';
import { isSameServer, movedSecret } from './moved-secret.ts';

/** What channel management works with. */
export interface ChannelManagementDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly secrets: SecretBox;
  readonly book: ChannelBook;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdGenerator;
  /** For the secrets of webhooks. */
  readonly randomBytes: RandomBytes;
  /** Whether anything is sent at all. */
  readonly isEnabled: () => boolean;
  /** Channels that must be able to reach the owner. */
  readonly minChannels: () => number;
  /** Aborted when the daemon stops. */
  readonly shutdown: AbortSignal;
}

/**
 * Adding, changing, removing and trying notification channels (05 §2.12). A channel is stored only once its service has
 * been reached. Channels never become fewer than must be able to reach the owner.
 */
export interface ChannelManagement extends DeadLetters {
  list(): Promise<NotificationChannelListResponse>;
  /** What became of every attempt to tell something; kept as long as the configuration says. */
  log(query: NotificationLogQuery): Promise<NotificationLogResponse>;
  /** @throws WaiaasError INVALID_CHANNEL_CONFIG, VALIDATION_ERROR, KEYSTORE_LOCKED, SYSTEM_LOCKED */
  create(input: NewNotificationChannel, origin: RequestOrigin): Promise<NotificationChannelResponse>;
  /** @throws WaiaasError CHANNEL_NOT_FOUND, INVALID_CHANNEL_CONFIG, MIN_CHANNELS_REQUIRED, CHANNEL_CONFLICT, VALIDATION_ERROR */
  update(
    id: NotificationChannelId,
    input: NotificationChannelUpdate,
    origin: RequestOrigin,
  ): Promise<NotificationChannelResponse>;
  /** @throws WaiaasError CHANNEL_NOT_FOUND, MIN_CHANNELS_REQUIRED */
  remove(id: NotificationChannelId, origin: RequestOrigin): Promise<void>;
  /**
   * Makes a chat the one the owner steers the daemon from, in the place of any other; its channel is added where there is
   * none. The bot must be able to write to it.
   * @throws WaiaasError INVALID_CHANNEL_CONFIG, KEYSTORE_LOCKED
   */
  pair(
    chat: TelegramChat & {
      readonly apiUrl: string;
      readonly chatName: string;
      readonly locale: NotificationLocale;
    },
    origin: RequestOrigin,
  ): Promise<NotificationChannelResponse>;
  /** From no chat can the daemon be steered afterwards; its channel stays. Answers whether there was one. */
  unpair(origin: RequestOrigin): Promise<boolean>;
  /**
   * Sends a message over one channel, enabled or not, the way every message goes.
   * @throws WaiaasError CHANNEL_NOT_FOUND
   */
  test(id: NotificationChannelId, origin: RequestOrigin): Promise<NotificationChannelTestResponse>;
}

/** Channels there can be. */
const CHANNELS_MAX = 20;
/** How long deliveries of a webhook carry the signature by its former secret, too, seconds. */
const SECRET_OVERLAP = 86_400;

const SCHEMAS = {
  TELEGRAM: telegramChannelConfigSchema,
  DISCORD: discordChannelConfigSchema,
  NTFY: ntfyChannelConfigSchema,
  SLACK: slackChannelConfigSchema,
  WEBHOOK: webhookChannelConfigSchema,
} as const;

type WebhookConfig = z.infer<typeof storedWebhookConfigSchema>;

const invalid = (reason: string): WaiaasError => new WaiaasError('INVALID_CHANNEL_CONFIG', { details: { reason } });

/** Where a channel leads: two that lead to the same place are one way to reach the owner, not two. */
function destinationOf(type: NotificationChannelType, config: Readonly<Record<string, unknown>>): string {
  const { chatId, botToken, webhookUrl, serverUrl, topic, url } = config;
  const parts = type === 'TELEGRAM' ? [chatId, String(botToken).split(':')[0]] : [webhookUrl, serverUrl, topic, url];
  return canonicalJson([type, ...parts.map((part) => (typeof part === 'string' ? part.replace(/\/+$/, '') : null))]);
}

function healthOf(row: NotificationChannelRow, authentic: boolean): NotificationChannel['health'] {
  if (!authentic) return 'not_authentic';
  if (row.consecutive_failures >= UNREACHABLE_AFTER) return 'unreachable';
  if (row.consecutive_failures > 0) return 'failing';
  return row.last_health_check === null ? 'unknown' : 'healthy';
}

function toView(row: NotificationChannelRow, config: Record<string, unknown> | null): NotificationChannel {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    enabled: row.enabled === 1,
    priority: row.priority,
    locale: row.locale,
    paired: config?.paired === true,
    config: config === null ? {} : maskConfig(row.type, config),
    health: healthOf(row, config !== null),
    lastCheckAt: row.last_health_check === null ? null : isoFromSeconds(row.last_health_check),
    createdAt: isoFromSeconds(row.created_at),
    updatedAt: isoFromSeconds(row.updated_at),
  };
}

/** Builds channel management. */
export function createChannelManagement(dependencies: ChannelManagementDependencies): ChannelManagement {
  const { storage, sealer, secrets, book, clock, ids, randomBytes, isEnabled, minChannels } = dependencies;
  const newSecret = (): string => `whsec_${Buffer.from(randomBytes(32)).toString('base64url')}`;

  /** While everything is stopped nobody changes who is told of it; and whoever asks still may. @throws WaiaasError SYSTEM_LOCKED */
  async function confirm(db: Db, origin: RequestOrigin): Promise<void> {
    await refuseWhileLocked(db);
    await confirmOrigin(db, sealer, origin);
  }

  /** Reaches the service with a configuration. @throws WaiaasError INVALID_CHANNEL_CONFIG when it does not answer as it should */
  async function tryOut(type: NotificationChannelType, config: Record<string, unknown>): Promise<void> {
    const sender = book.trial(type, config);
    const result = await sender.check();
    if (result.success || result.kind === 'rate_limited') return;
    let reason = result.error;
    for (const secret of sender.secrets) reason = reason.replaceAll(secret, '[REDACTED]');
    throw invalid(reason);
  }

  /**
   * The stored configuration with a change in it, by the schema of its type. What of it is the daemon's own, such as the
   * former secret of a webhook, cannot be set.
   * @throws WaiaasError VALIDATION_ERROR
   */
  function changedConfig(
    type: NotificationChannelType,
    present: Record<string, unknown>,
    change: NonNullable<NotificationChannelUpdate['config']>,
  ): Record<string, unknown> {
    const { previousSecret, previousUntil, paired, ...open } = present;
    const parsed = SCHEMAS[type].safeParse(mergeConfig(type, open, change));
    if (!parsed.success) {
      throw validationError(
        parsed.error.issues.map(({ path, code, message }) => ({ path: ['config', ...path].join('.'), code, message })),
      );
    }
    const withheld = movedSecret(type, open, parsed.data, change);
    if (withheld !== null) {
      throw validationError([
        {
          path: `config.${withheld}`,
          code: 'custom',
          message: 'must be given again when it is to go to another server',
        },
      ]);
    }
    const kept = previousSecret === undefined ? {} : { previousSecret, previousUntil };
    // Another chat, another bot, or another server that answers for them, has not been paired.
    const isSameChat =
      destinationOf(type, open) === destinationOf(type, parsed.data) && isSameServer(type, open, parsed.data);
    const keptPairing = paired === true && isSameChat ? { paired } : {};
    const config: Record<string, unknown> = { ...parsed.data, ...kept, ...keptPairing };
    if (type === 'WEBHOOK' && config.secret === undefined) {
      throw validationError([{ path: 'config.secret', code: 'custom', message: 'cannot be taken away' }]);
    }
    return config;
  }

  /** @throws WaiaasError INVALID_CHANNEL_CONFIG when another channel leads there already */
  async function assertOnlyWayThere(
    db: Db,
    id: string,
    type: NotificationChannelType,
    config: Record<string, unknown>,
  ): Promise<void> {
    const destination = destinationOf(type, config);
    for (const other of await listNotificationChannels(db)) {
      if (other.id === id || other.type !== type) continue;
      const present = decryptConfig(secrets, other);
      if (present !== null && destinationOf(type, present) === destination) {
        throw invalid(`The channel "${other.name}" leads there already`);
      }
    }
  }

  /**
   * Refuses to go below the number of channels that must be able to reach the owner. Where there are fewer already, nothing
   * is lost by one less: payments wait for approvals as it is.
   */
  async function assertEnoughLeft(db: Db, row: NotificationChannelRow): Promise<void> {
    const counts = (one: NotificationChannelRow): boolean => one.enabled === 1 && decryptConfig(secrets, one) !== null;
    if (!counts(row)) return;
    const present = (await listNotificationChannels(db)).filter(counts).length;
    const needed = minChannels();
    if (present >= needed && present - 1 < needed) {
      throw new WaiaasError('MIN_CHANNELS_REQUIRED', { details: { enabled: present, minChannels: needed } });
    }
  }

  const found = async (db: Db, id: NotificationChannelId): Promise<NotificationChannelRow> => {
    const row = await findNotificationChannel(db, id);
    if (row === undefined) throw new WaiaasError('CHANNEL_NOT_FOUND', { details: { channelId: id } });
    return row;
  };

  const shown = ({ id, type, name, priority, enabled, locale }: NotificationChannelRow) => ({
    channelId: id,
    type,
    name,
    priority,
    enabled: enabled === 1,
    locale,
  });

  /** Who changes where the owner is told things is told of over the channels that stay. */
  const tellChange = (
    { notify }: UnitOfWork,
    change: 'created' | 'updated' | 'deleted',
    { id, type, name }: NotificationChannelRow,
    origin: RequestOrigin,
  ): Promise<void> =>
    notify({
      event: 'CHANNEL_CHANGED',
      change,
      channelId: id,
      channelType: type,
      channelName: name,
      by: actorName(origin),
    });

  const tellPairing = (
    { notify }: UnitOfWork,
    change: 'paired' | 'unpaired',
    { id, name }: NotificationChannelRow,
    origin: RequestOrigin,
  ): Promise<void> =>
    notify({ event: 'TELEGRAM_PAIRING_CHANGED', change, channelId: id, channelName: name, by: actorName(origin) });

  /** Stores another configuration for a channel that stays what it is otherwise. */
  async function rewrite(
    db: Db,
    row: NotificationChannelRow,
    config: Record<string, unknown>,
    change: Partial<Pick<NotificationChannelRow, 'enabled' | 'locale'>>,
    now: number,
  ): Promise<NotificationChannelRow> {
    const { id, type, name, priority } = row;
    const fields = {
      id,
      type,
      name,
      priority,
      version: row.version + 1,
      enabled: row.enabled,
      locale: row.locale,
      ...change,
    };
    const { type: _type, ...columns } = fields;
    const { consecutive_failures } = row;
    const sealed = encryptConfig(secrets, fields, config);
    await updateNotificationChannel(db, { ...columns, config: sealed, consecutive_failures, updated_at: now });
    return found(db, notificationChannelId(id));
  }

  /** Ends every pairing but one. Answers whether there was any. @param except destination of the chat that keeps its own */
  async function endPairings(
    work: UnitOfWork,
    origin: RequestOrigin,
    now: number,
    except: string | null,
  ): Promise<boolean> {
    let ended = false;
    for (const row of await listNotificationChannels(work.db)) {
      const config = row.type === 'TELEGRAM' ? decryptConfig(secrets, row) : null;
      if (config?.paired !== true || destinationOf('TELEGRAM', config) === except) continue;
      const { paired: _paired, ...rest } = config;
      const stored = await rewrite(work.db, row, rest, {}, now);
      await appendAudit(work.db, now, { event: 'TELEGRAM_UNPAIRED', ...auditOrigin(origin), details: shown(stored) });
      await tellPairing(work, 'unpaired', stored, origin);
      ended = true;
    }
    return ended;
  }

  /** The channel of a chat that is being paired: the one there is, in use from now on, or a new one. */
  async function storePaired(
    db: Db,
    chat: { readonly config: Record<string, unknown>; readonly chatName: string; readonly locale: NotificationLocale },
    now: number,
  ): Promise<NotificationChannelRow> {
    const { config, chatName, locale } = chat;
    const rows = await listNotificationChannels(db);
    for (const row of rows) {
      const present = row.type === 'TELEGRAM' ? decryptConfig(secrets, row) : null;
      if (present === null || destinationOf('TELEGRAM', present) !== destinationOf('TELEGRAM', config)) continue;
      return rewrite(db, row, config, { enabled: 1 }, now);
    }
    if (rows.length >= CHANNELS_MAX) throw invalid(`There are ${CHANNELS_MAX} channels already, the most there can be`);
    const name = chatName === '' ? 'Telegram' : `Telegram ${chatName}`.slice(0, 64).toWellFormed();
    const fields = { id: ids.next(), version: 1, type: 'TELEGRAM', name, enabled: 1, priority: 0, locale } as const;
    const stored: NotificationChannelRow = {
      ...fields,
      config: encryptConfig(secrets, fields, storedTelegramConfigSchema.parse(config)),
      last_health_check: now,
      last_health_status: 1,
      consecutive_failures: 0,
      created_at: now,
      updated_at: now,
    };
    await insertNotificationChannel(db, stored);
    return stored;
  }

  return {
    ...createDeadLetters(dependencies),

    async list() {
      const rows = await listNotificationChannels(storage.read);
      return {
        channels: rows.map((row) => toView(row, decryptConfig(secrets, row))),
        enabled: isEnabled(),
        reachable: isEnabled() ? book.reachable() : 0,
        minChannels: minChannels(),
      };
    },

    async log({ limit, ...query }) {
      const rows = await listNotificationLog(storage.read, { ...query, limit: limit + 1 });
      const page = rows.slice(0, limit);
      return {
        entries: page.map((row) => ({
          id: row.id,
          notificationId: row.notification_id,
          channelId: row.channel_id,
          event: row.event,
          level: row.level,
          referenceId: row.reference_id,
          status: row.status,
          error: row.error,
          retries: row.retry_count,
          sentAt: isoFromSeconds(row.sent_at),
        })),
        nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async create(input, origin) {
      const { type, name, priority, locale } = input;
      const secret = input.type === 'WEBHOOK' && input.config.secret === undefined ? newSecret() : undefined;
      const config: Record<string, unknown> = { ...input.config, ...(secret === undefined ? {} : { secret }) };
      await tryOut(type, config);
      const row = await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await confirm(db, origin);
        if ((await listNotificationChannels(db)).length >= CHANNELS_MAX) {
          throw invalid(`There are ${CHANNELS_MAX} channels already, the most there can be`);
        }
        const fields = { id: ids.next(), version: 1, type, name, enabled: input.enabled ? 1 : 0, priority, locale };
        await assertOnlyWayThere(db, fields.id, type, config);
        const stored: NotificationChannelRow = {
          ...fields,
          config: encryptConfig(secrets, fields, config),
          last_health_check: now,
          last_health_status: 1,
          consecutive_failures: 0,
          created_at: now,
          updated_at: now,
        };
        await insertNotificationChannel(db, stored);
        await appendAudit(db, now, { event: 'CHANNEL_CREATED', ...auditOrigin(origin), details: shown(stored) });
        await tellChange(work, 'created', stored, origin);
        return stored;
      });
      await book.reload();
      return { channel: toView(row, config), ...(secret === undefined ? {} : { secret }) };
    },

    async update(id, input, origin) {
      const before = await found(storage.read, id);
      const present = decryptConfig(secrets, before);
      if (present === null) {
        throw invalid('The stored channel is not the one that the daemon wrote; it can only be deleted');
      }
      if (input.rotateSecret === true && before.type !== 'WEBHOOK') {
        throw validationError([
          { path: 'rotateSecret', code: 'custom', message: 'is possible for channels of type WEBHOOK only' },
        ]);
      }
      const changed = changedConfig(before.type, present, input.config ?? {});
      const secret = input.rotateSecret === true ? newSecret() : undefined;
      const config = secret === undefined ? changed : rotated(changed, secret);
      const enabled = input.enabled ?? before.enabled === 1;
      // What leads somewhere else, or is to be used again, must be seen to work.
      const isTried = canonical(changed) !== canonical(present) || (enabled && before.enabled === 0);
      if (isTried) await tryOut(before.type, config);
      const row = await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await confirm(db, origin);
        const current = await found(db, id);
        if (current.version !== before.version)
          throw new WaiaasError('CHANNEL_CONFLICT', { details: { channelId: id } });
        if (!enabled) await assertEnoughLeft(db, current);
        await assertOnlyWayThere(db, id, before.type, config);
        const fields = {
          id,
          version: before.version + 1,
          type: before.type,
          name: input.name ?? before.name,
          enabled: enabled ? 1 : 0,
          priority: input.priority ?? before.priority,
          locale: input.locale ?? before.locale,
        };
        const failures = isTried ? 0 : current.consecutive_failures;
        const { type: _type, ...columns } = fields;
        await updateNotificationChannel(db, {
          ...columns,
          config: encryptConfig(secrets, fields, config),
          consecutive_failures: failures,
          updated_at: now,
        });
        const stored = await found(db, id);
        if (before.type === 'WEBHOOK' && before.enabled === 1 && !enabled) await keepWaiting(db, id, now);
        await appendAudit(db, now, {
          event: 'CHANNEL_UPDATED',
          ...auditOrigin(origin),
          details: {
            ...shown(stored),
            before: shown(before),
            configChanged: canonical(config) !== canonical(present),
          },
        });
        await tellChange(work, 'updated', stored, origin);
        return stored;
      });
      await book.reload();
      const channel = book.find(id);
      if (isTried && channel !== undefined) learn(channel, { success: true, status: 200 }, clock.now());
      return { channel: toView(row, config), ...(secret === undefined ? {} : { secret }) };
    },

    async remove(id, origin) {
      await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await confirm(db, origin);
        const row = await found(db, id);
        await assertEnoughLeft(db, row);
        await deleteNotificationChannel(db, id);
        await appendAudit(db, now, { event: 'CHANNEL_DELETED', ...auditOrigin(origin), details: shown(row) });
        await tellChange(work, 'deleted', row, origin);
      });
      await book.reload();
    },

    async pair({ botToken, chatId, apiUrl, chatName, locale }, origin) {
      const isUsual = apiUrl === TELEGRAM_API;
      const config = { botToken, chatId, ...(isUsual ? {} : { apiUrl }), paired: true };
      await tryOut('TELEGRAM', config);
      const row = await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await confirm(db, origin);
        await endPairings(work, origin, now, destinationOf('TELEGRAM', config));
        const stored = await storePaired(db, { config, chatName, locale }, now);
        await appendAudit(db, now, {
          event: 'TELEGRAM_PAIRED',
          ...auditOrigin(origin),
          details: { ...shown(stored), chatId, chatName },
        });
        await tellPairing(work, 'paired', stored, origin);
        return stored;
      });
      await book.reload();
      return { channel: toView(row, config) };
    },

    async unpair(origin) {
      const ended = await storage.write(async (work) => {
        await confirm(work.db, origin);
        return endPairings(work, origin, unixSeconds(clock), null);
      });
      await book.reload();
      return ended;
    },

    async test(id, origin) {
      await refuseWhileLocked(storage.read);
      const row = await found(storage.read, id);
      const channel = book.find(id);
      if (channel === undefined) throw invalid('The stored channel is not the one that the daemon wrote');
      const event: NotificationEvent = {
        event: 'CHANNEL_TEST',
        channelId: id,
        channelName: row.name,
        by: actorName(origin),
      };
      const about = { id: ids.next(), sequence: 0, at: unixSeconds(clock) };
      const startedAt = clock.now();
      const result: SendResult = channel.state.bucket.take(startedAt)
        ? await channel.sender.send(messageOf(event, about, channel, () => undefined))
        : { success: false, kind: 'rate_limited', error: 'Too many messages over this channel at the moment' };
      const latencyMs = Math.max(0, Math.round(clock.now() - startedAt));
      const health = learn(channel, result, clock.now());
      const error = result.success ? null : book.redact(result.error);
      await storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const status = result.success ? 'DELIVERED' : result.kind === 'rate_limited' ? 'RATE_LIMITED' : 'FAILED';
        await appendNotificationLog(db, {
          id: ids.next(),
          notificationId: about.id,
          channelId: id,
          event: event.event,
          level: notificationRule(event).level,
          referenceId: null,
          status,
          error,
          retryCount: 0,
          sentAt: now,
        });
        if (health !== null) await recordChannelHealth(db, id, { ...health, at: now });
        await appendAudit(db, now, {
          event: 'CHANNEL_TESTED',
          ...auditOrigin(origin),
          details: { ...shown(row), success: result.success, error },
        });
      });
      return {
        success: result.success,
        channelId: id,
        ...(result.status === undefined ? {} : { status: result.status }),
        latencyMs,
        ...(error === null ? {} : { error }),
        ...(result.success || result.retryAfter === undefined ? {} : { retryAfter: result.retryAfter }),
      };
    },
  };

  /** A webhook's configuration with a new secret; the present one stays good for a day. */
  function rotated(config: Record<string, unknown>, secret: string): WebhookConfig {
    const { url, secret: previousSecret } = storedWebhookConfigSchema.parse(config);
    return { url, secret, previousSecret, previousUntil: unixSeconds(clock) + SECRET_OVERLAP };
  }
}

const canonical = (config: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
