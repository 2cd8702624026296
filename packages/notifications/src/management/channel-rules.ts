import {
  type NotificationChannelId,
  type NotificationChannelType,
  type RowSealer,
  type SecretBox,
  WaiaasError,
} from '@waiaas/core';
import { confirmOrigin, type RequestOrigin, refuseWhileLocked } from '@waiaas/management';
import {
  type Db,
  findNotificationChannel,
  listNotificationChannels,
  type NotificationChannelRow,
} from '@waiaas/storage';
import type { ChannelBook } from '../channels/channel-book.ts';
import { decryptConfig } from '../channels/channel-secret.ts';
import { destinationOf, invalidChannel } from './channel-config.ts';

/** Channels there can be. */
export const CHANNELS_MAX = 20;

/** @throws WaiaasError CHANNEL_NOT_FOUND */
export async function findChannel(db: Db, id: NotificationChannelId): Promise<NotificationChannelRow> {
  const row = await findNotificationChannel(db, id);
  if (row === undefined) throw new WaiaasError('CHANNEL_NOT_FOUND', { details: { channelId: id } });
  return row;
}

/** What a change of the channels must not break. Each is asked in the unit of work that makes the change, but for `tryOut`. */
export interface ChannelRules {
  /** While everything is stopped nobody changes who is told of it; and whoever asks still may. @throws WaiaasError SYSTEM_LOCKED */
  confirm(db: Db, origin: RequestOrigin): Promise<void>;
  /** Reaches the service with a configuration. @throws WaiaasError INVALID_CHANNEL_CONFIG when it does not answer as it should */
  tryOut(type: NotificationChannelType, config: Record<string, unknown>): Promise<void>;
  /** @throws WaiaasError INVALID_CHANNEL_CONFIG when another channel leads there already */
  assertOnlyWayThere(db: Db, id: string, type: NotificationChannelType, config: Record<string, unknown>): Promise<void>;
  /**
   * Refuses to go below the number of channels that must be able to reach the owner. Where there are fewer already, nothing
   * is lost by one less: payments wait for approvals as it is.
   * @throws WaiaasError MIN_CHANNELS_REQUIRED
   */
  assertEnoughLeft(db: Db, row: NotificationChannelRow): Promise<void>;
}

/** Makes them. */
export function createChannelRules({
  sealer,
  secrets,
  book,
  minChannels,
}: {
  readonly sealer: RowSealer;
  readonly secrets: SecretBox;
  readonly book: Pick<ChannelBook, 'trial'>;
  /** Channels that must be able to reach the owner. */
  readonly minChannels: () => number;
}): ChannelRules {
  return {
    async confirm(db: Db, origin: RequestOrigin): Promise<void> {
      await refuseWhileLocked(db);
      await confirmOrigin(db, sealer, origin);
    },

    async tryOut(type: NotificationChannelType, config: Record<string, unknown>): Promise<void> {
      const sender = book.trial(type, config);
      const result = await sender.check();
      if (result.success || result.kind === 'rate_limited') return;
      let reason = result.error;
      for (const secret of sender.secrets) reason = reason.replaceAll(secret, '[REDACTED]');
      throw invalidChannel(reason);
    },

    async assertOnlyWayThere(
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
          throw invalidChannel(`The channel "${other.name}" leads there already`);
        }
      }
    },

    async assertEnoughLeft(db: Db, row: NotificationChannelRow): Promise<void> {
      const counts = (one: NotificationChannelRow): boolean =>
        one.enabled === 1 && decryptConfig(secrets, one) !== null;
      if (!counts(row)) return;
      const present = (await listNotificationChannels(db)).filter(counts).length;
      const needed = minChannels();
      if (present >= needed && present - 1 < needed) {
        throw new WaiaasError('MIN_CHANNELS_REQUIRED', { details: { enabled: present, minChannels: needed } });
      }
    },
  };
}
