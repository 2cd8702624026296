import type { Clock, NotificationChannelType, NotificationLocale, SecretBox } from '@waiaas/core';
import { listNotificationChannels, type NotificationChannelRow, type Storage } from '@waiaas/storage';
import { createRateBucket, RATE_LIMITS, type RateBucket } from '../delivery/rate-bucket.ts';
import { createRedactor } from '../delivery/redact.ts';
import type { Sender } from './channel.ts';
import { decryptConfig } from './channel-secret.ts';
import { createSender, type SenderDependencies, storedTelegramConfigSchema } from './create-sender.ts';
import type { TelegramChat } from './telegram-channel.ts';

/** A channel in use. */
export interface LoadedChannel {
  readonly id: string;
  readonly type: NotificationChannelType;
  readonly name: string;
  readonly priority: number;
  readonly locale: NotificationLocale;
  readonly enabled: boolean;
  readonly sender: Sender;
  readonly state: ChannelState;
  /** The chat the owner steers the daemon from, where this is it. */
  readonly pairedChat: TelegramChat | null;
}

/** What is known of a channel beside its row. Kept when channels are loaded again. */
export interface ChannelState {
  readonly bucket: RateBucket;
  /** Probes and deliveries that failed since the last one that did not. */
  failures: number;
  /** The service has asked for a pause until then, epoch ms. */
  pausedUntil: number;
  /** Not tried before that, epoch ms: it has failed too often. */
  brokenUntil: number;
}

/** Failures in a row from which on a channel does not count as a way to reach the owner (05 §2.13). */
export const UNREACHABLE_AFTER = 3;

/**
 * The channels, decrypted. They stay in memory when the keystore is locked: the alarm that it was locked must still get
 * out (05 §2.14).
 */
export interface ChannelBook {
  /** Whether channels have been loaded since the start. Before the first unlock nothing can be sent. */
  readonly isLoaded: boolean;
  /**
   * Reads the channels again. Rows that somebody has edited are left out.
   * @throws WaiaasError KEYSTORE_LOCKED; the channels stay what they were
   */
  reload(): Promise<void>;
  /** Enabled channels, first the ones that are tried first. */
  enabled(): readonly LoadedChannel[];
  /** Any channel, enabled or not. */
  find(id: string): LoadedChannel | undefined;
  /** Ids of rows that are not what the daemon wrote. */
  readonly notAuthentic: ReadonlySet<string>;
  /** Enabled channels that can reach the owner, as far as is known. */
  reachable(): number;
  /** The enabled channel in which the owner steers the daemon by a bot; undefined when none is paired with it. */
  pairedWith(botToken: string): { readonly chatId: string; readonly locale: NotificationLocale } | undefined;
  /** Takes all secrets of channels out of a text. */
  readonly redact: (text: string) => string;
  /** Makes a sender that belongs to no channel yet. */
  trial(type: NotificationChannelType, config: unknown): Sender;
}

function pairedChatOf(type: NotificationChannelType, config: unknown): TelegramChat | null {
  if (type !== 'TELEGRAM') return null;
  const { paired, botToken, chatId } = storedTelegramConfigSchema.parse(config);
  return paired === true ? { botToken, chatId } : null;
}

/** Makes the book, empty. */
export function createChannelBook(
  dependencies: SenderDependencies & {
    readonly storage: Pick<Storage, 'read'>;
    readonly secrets: SecretBox;
    readonly clock: Clock;
    /** Told of rows that are not authentic, each once. */
    readonly onForged: (row: NotificationChannelRow) => void;
  },
): ChannelBook {
  const { storage, secrets, clock, onForged } = dependencies;
  const states = new Map<string, ChannelState>();
  let channels: readonly LoadedChannel[] = [];
  let forged: ReadonlySet<string> = new Set();
  let loaded = false;
  let loading: Promise<void> = Promise.resolve();

  function stateOf(row: NotificationChannelRow): ChannelState {
    const known = states.get(row.id);
    if (known !== undefined) return known;
    const state: ChannelState = {
      bucket: createRateBucket(RATE_LIMITS[row.type], clock.now()),
      failures: row.consecutive_failures,
      pausedUntil: 0,
      brokenUntil: 0,
    };
    states.set(row.id, state);
    return state;
  }

  async function load(): Promise<void> {
    const rows = await listNotificationChannels(storage.read);
    const found: LoadedChannel[] = [];
    const broken = new Set<string>();
    for (const row of rows) {
      const config = decryptConfig(secrets, row);
      if (config === null) {
        broken.add(row.id);
        if (!forged.has(row.id)) onForged(row);
        continue;
      }
      const { id, type, name, priority, locale } = row;
      const sender = createSender(type, config, dependencies);
      const pairedChat = pairedChatOf(type, config);
      found.push({
        id,
        type,
        name,
        priority,
        locale,
        enabled: row.enabled === 1,
        sender,
        state: stateOf(row),
        pairedChat,
      });
    }
    const present = new Set(rows.map(({ id }) => id));
    for (const id of states.keys()) if (!present.has(id)) states.delete(id);
    channels = found;
    forged = broken;
    loaded = true;
  }

  return {
    get isLoaded() {
      return loaded;
    },
    get notAuthentic() {
      return forged;
    },
    reload() {
      // One after another: an older reading must not replace a newer one.
      const next = loading.then(load, load);
      loading = next;
      return next;
    },
    enabled: () => channels.filter(({ enabled }) => enabled),
    find: (id) => channels.find((channel) => channel.id === id),
    reachable: () => channels.filter(({ enabled, state }) => enabled && state.failures < UNREACHABLE_AFTER).length,
    pairedWith(botToken) {
      const paired = channels.find(({ enabled, pairedChat }) => enabled && pairedChat?.botToken === botToken);
      if (paired?.pairedChat == null) return undefined;
      return { chatId: paired.pairedChat.chatId, locale: paired.locale };
    },
    redact: createRedactor(() => channels.flatMap(({ sender }) => sender.secrets)),
    trial: (type, config) => createSender(type, config, dependencies),
  };
}
