import {
  type Clock,
  type IdGenerator,
  type NotificationChannelResponse,
  type NotificationLocale,
  notificationChannelId,
  type SecretBox,
  unixSeconds,
} from '@waiaas/core';
import { actorName, auditOrigin, type RequestOrigin } from '@waiaas/management';
import {
  appendAudit,
  type Db,
  insertNotificationChannel,
  listNotificationChannels,
  type NotificationChannelRow,
  type Storage,
  type UnitOfWork,
  updateNotificationChannel,
} from '@waiaas/storage';
import type { ChannelBook } from '../channels/channel-book.ts';
import { decryptConfig, encryptConfig } from '../channels/channel-secret.ts';
import { storedTelegramConfigSchema } from '../channels/create-sender.ts';
import { TELEGRAM_API, type TelegramChat } from '../channels/telegram-channel.ts';
import { destinationOf, invalidChannel } from './channel-config.ts';
import { CHANNELS_MAX, type ChannelRules, findChannel } from './channel-rules.ts';
import { auditedChannel, channelView } from './channel-view.ts';

/** From which chat the owner steers the daemon: from one at most. */
export interface TelegramPairing {
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
}

/** Makes what pairs chats. */
export function createTelegramPairing(dependencies: {
  readonly storage: Pick<Storage, 'write'>;
  readonly secrets: SecretBox;
  readonly book: Pick<ChannelBook, 'reload'>;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly rules: ChannelRules;
}): TelegramPairing {
  const { storage, secrets, book, clock, ids, rules } = dependencies;

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
    return findChannel(db, notificationChannelId(id));
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
      await appendAudit(work.db, now, {
        event: 'TELEGRAM_UNPAIRED',
        ...auditOrigin(origin),
        details: auditedChannel(stored),
      });
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
    if (rows.length >= CHANNELS_MAX)
      throw invalidChannel(`There are ${CHANNELS_MAX} channels already, the most there can be`);
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
    async pair({ botToken, chatId, apiUrl, chatName, locale }, origin) {
      const isUsual = apiUrl === TELEGRAM_API;
      const config = { botToken, chatId, ...(isUsual ? {} : { apiUrl }), paired: true };
      await rules.tryOut('TELEGRAM', config);
      const row = await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await rules.confirm(db, origin);
        await endPairings(work, origin, now, destinationOf('TELEGRAM', config));
        const stored = await storePaired(db, { config, chatName, locale }, now);
        await appendAudit(db, now, {
          event: 'TELEGRAM_PAIRED',
          ...auditOrigin(origin),
          details: { ...auditedChannel(stored), chatId, chatName },
        });
        await tellPairing(work, 'paired', stored, origin);
        return stored;
      });
      await book.reload();
      return { channel: channelView(row, config) };
    },

    async unpair(origin) {
      const ended = await storage.write(async (work) => {
        await rules.confirm(work.db, origin);
        return endPairings(work, origin, unixSeconds(clock), null);
      });
      await book.reload();
      return ended;
    },
  };
}
