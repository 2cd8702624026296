import type { Clock, IdGenerator, Logger, RandomBytes, RowSealer, SecretBox } from '@waiaas/core';
import type { Storage } from '@waiaas/storage';
import { type ChannelBook, createChannelBook } from './channels/channel-book.ts';
import type { TelegramChannelDependencies } from './channels/telegram-channel.ts';
import type { Timers } from './delivery/attempt.ts';
import { createDispatcher, type Dispatcher } from './delivery/dispatcher.ts';
import { createAddressGuard, type Resolve } from './http/address-guard.ts';
import { createHttpClient, type HttpClient } from './http/http-client.ts';
import { type ChannelManagement, createChannelManagement } from './management/channel-management.ts';
import { createUpkeep, type Upkeep } from './management/upkeep.ts';

/** What notifications are put together from. All of it is needed: a missing part must not make messages vanish. */
export interface NotificationsDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdGenerator;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
  readonly userAgent: string;
  /** Private networks that messages may go to, such as `192.168.1.0/24`. */
  readonly allowedNetworks: readonly string[];
  /** For tests; default: the resolver of the system. */
  readonly resolve?: Resolve;
  /** Whether anything is sent. Asked each time. */
  readonly isEnabled: () => boolean;
  /** While nothing is sent: since when, epoch seconds. What was stored up to then is still told. */
  readonly offSince: () => number;
  /** Channels that must be able to reach the owner. */
  readonly minChannels: () => number;
  /** Time in which an equal event is told once, seconds. */
  readonly dedupTtl: number;
  readonly logRetentionDays: number;
  /** Aborted when the daemon stops: no request of a person is waited for. */
  readonly shutdown: AbortSignal;
}

/** The parts of notifications. */
export interface Notifications {
  readonly book: ChannelBook;
  readonly dispatcher: Dispatcher;
  readonly channels: ChannelManagement;
  readonly upkeep: Upkeep;
  /** The way out, for what else talks to a service of the owner's. */
  readonly http: HttpClient;
  /** Buttons for messages in a Telegram chat, once a bot listens to them. */
  useKeyboard(keyboard: TelegramChannelDependencies['keyboard']): void;
  /** Ways to reach the owner right now: none while nothing is sent. */
  reachableChannels(): number;
}

/** Puts notifications together. Channels are loaded by `book.reload()` once the vault is open. */
export function createNotifications(dependencies: NotificationsDependencies): Notifications {
  const { storage, sealer, secrets, clock, timers, ids, randomBytes, logger, isEnabled, minChannels } = dependencies;
  const { allowedNetworks, resolve } = dependencies;
  const guard = createAddressGuard({ allowedNetworks, ...(resolve === undefined ? {} : { resolve }) });
  const http = createHttpClient({ guard, userAgent: dependencies.userAgent });
  let keyboard: TelegramChannelDependencies['keyboard'] = () => null;
  const book = createChannelBook({
    storage,
    secrets,
    clock,
    http,
    keyboard: (message, chat) => keyboard(message, chat),
    onForged: (row) => {
      logger.error(
        { channelId: row.id },
        'A notification channel is not the one that the daemon wrote; it is not used',
      );
      dispatcher.report({ event: 'SEAL_BROKEN', what: 'notification channel', id: row.id, agentId: null });
    },
  });
  const dispatcher = createDispatcher({
    storage,
    sealer,
    book,
    clock,
    timers,
    ids,
    logger,
    isEnabled,
    offSince: dependencies.offSince,
    dedupTtl: dependencies.dedupTtl,
  });
  return {
    book,
    dispatcher,
    http,
    channels: createChannelManagement({
      storage,
      sealer,
      secrets,
      book,
      clock,
      timers,
      ids,
      randomBytes,
      isEnabled,
      minChannels,
      shutdown: dependencies.shutdown,
    }),
    upkeep: createUpkeep({
      storage,
      book,
      clock,
      logger,
      isEnabled,
      logRetentionDays: dependencies.logRetentionDays,
    }),
    useKeyboard(next) {
      keyboard = next;
    },
    reachableChannels: () => (isEnabled() ? book.reachable() : 0),
  };
}
