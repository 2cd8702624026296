import {
  type Clock,
  type IdGenerator,
  type NewNotificationChannel,
  type NotificationChannelId,
  type NotificationChannelListResponse,
  type NotificationChannelResponse,
  type NotificationChannelUpdate,
  type RandomBytes,
  type RowSealer,
  type SecretBox,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import { actorName, auditOrigin, type RequestOrigin } from '@waiaas/management';
import {
  appendAudit,
  deleteNotificationChannel,
  insertNotificationChannel,
  listNotificationChannels,
  type NotificationChannelRow,
  type Storage,
  type UnitOfWork,
  updateNotificationChannel,
} from '@waiaas/storage';
import type { ChannelBook } from '../channels/channel-book.ts';
import { decryptConfig, encryptConfig } from '../channels/channel-secret.ts';
import { learn, type Timers } from '../delivery/attempt.ts';
import { canonicalConfig, changedConfig, invalidChannel, rotatedConfig } from './channel-config.ts';
import { CHANNELS_MAX, createChannelRules, findChannel } from './channel-rules.ts';
import { type ChannelTrial, createChannelTrial } from './channel-trial.ts';
import { auditedChannel, channelView } from './channel-view.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createDeliveryLog, type DeliveryLog } from './delivery-log.ts';
import { keepWaiting } from './keep-waiting.ts';
import { createTelegramPairing, type TelegramPairing } from './telegram-pairing.ts';

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
export interface ChannelManagement extends DeadLetters, DeliveryLog, TelegramPairing, ChannelTrial {
  list(): Promise<NotificationChannelListResponse>;
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
}

/** Builds channel management. */
export function createChannelManagement(dependencies: ChannelManagementDependencies): ChannelManagement {
  const { storage, secrets, book, clock, ids, randomBytes, isEnabled, minChannels } = dependencies;
  const rules = createChannelRules(dependencies);
  const newSecret = (): string => `whsec_${Buffer.from(randomBytes(32)).toString('base64url')}`;

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

  return {
    ...createDeadLetters(dependencies),
    ...createDeliveryLog(dependencies),
    ...createTelegramPairing({ ...dependencies, rules }),
    ...createChannelTrial(dependencies),

    async list() {
      const rows = await listNotificationChannels(storage.read);
      return {
        channels: rows.map((row) => channelView(row, decryptConfig(secrets, row))),
        enabled: isEnabled(),
        reachable: isEnabled() ? book.reachable() : 0,
        minChannels: minChannels(),
      };
    },

    async create(input, origin) {
      const { type, name, priority, locale } = input;
      const secret = input.type === 'WEBHOOK' && input.config.secret === undefined ? newSecret() : undefined;
      const config: Record<string, unknown> = { ...input.config, ...(secret === undefined ? {} : { secret }) };
      await rules.tryOut(type, config);
      const row = await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await rules.confirm(db, origin);
        if ((await listNotificationChannels(db)).length >= CHANNELS_MAX) {
          throw invalidChannel(`There are ${CHANNELS_MAX} channels already, the most there can be`);
        }
        const fields = { id: ids.next(), version: 1, type, name, enabled: input.enabled ? 1 : 0, priority, locale };
        await rules.assertOnlyWayThere(db, fields.id, type, config);
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
        await appendAudit(db, now, {
          event: 'CHANNEL_CREATED',
          ...auditOrigin(origin),
          details: auditedChannel(stored),
        });
        await tellChange(work, 'created', stored, origin);
        return stored;
      });
      await book.reload();
      return { channel: channelView(row, config), ...(secret === undefined ? {} : { secret }) };
    },

    async update(id, input, origin) {
      const before = await findChannel(storage.read, id);
      const present = decryptConfig(secrets, before);
      if (present === null) {
        throw invalidChannel('The stored channel is not the one that the daemon wrote; it can only be deleted');
      }
      if (input.rotateSecret === true && before.type !== 'WEBHOOK') {
        throw validationError([
          { path: 'rotateSecret', code: 'custom', message: 'is possible for channels of type WEBHOOK only' },
        ]);
      }
      const changed = changedConfig(before.type, present, input.config ?? {});
      const secret = input.rotateSecret === true ? newSecret() : undefined;
      const config = secret === undefined ? changed : rotatedConfig(changed, secret, unixSeconds(clock));
      const enabled = input.enabled ?? before.enabled === 1;
      // What leads somewhere else, or is to be used again, must be seen to work.
      const isTried = canonicalConfig(changed) !== canonicalConfig(present) || (enabled && before.enabled === 0);
      if (isTried) await rules.tryOut(before.type, config);
      const row = await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await rules.confirm(db, origin);
        const current = await findChannel(db, id);
        if (current.version !== before.version)
          throw new WaiaasError('CHANNEL_CONFLICT', { details: { channelId: id } });
        if (!enabled) await rules.assertEnoughLeft(db, current);
        await rules.assertOnlyWayThere(db, id, before.type, config);
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
        const stored = await findChannel(db, id);
        if (before.type === 'WEBHOOK' && before.enabled === 1 && !enabled) await keepWaiting(db, id, now);
        await appendAudit(db, now, {
          event: 'CHANNEL_UPDATED',
          ...auditOrigin(origin),
          details: {
            ...auditedChannel(stored),
            before: auditedChannel(before),
            configChanged: canonicalConfig(config) !== canonicalConfig(present),
          },
        });
        await tellChange(work, 'updated', stored, origin);
        return stored;
      });
      await book.reload();
      const channel = book.find(id);
      if (isTried && channel !== undefined) learn(channel, { success: true, status: 200 }, clock.now());
      return { channel: channelView(row, config), ...(secret === undefined ? {} : { secret }) };
    },

    async remove(id, origin) {
      await storage.write(async (work) => {
        const { db } = work;
        const now = unixSeconds(clock);
        await rules.confirm(db, origin);
        const row = await findChannel(db, id);
        await rules.assertEnoughLeft(db, row);
        await deleteNotificationChannel(db, id);
        await appendAudit(db, now, { event: 'CHANNEL_DELETED', ...auditOrigin(origin), details: auditedChannel(row) });
        await tellChange(work, 'deleted', row, origin);
      });
      await book.reload();
    },
  };
}
