import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createIdGenerator,
  type LogFields,
  type Logger,
  type NotificationChannelCreate,
  type NotificationChannelId,
  type NotificationEvent,
  notificationChannelCreateSchema,
  notificationChannelId,
} from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type Keystore } from '@waiaas/keystore';
import { type RequestOrigin, seed } from '@waiaas/management';
import { openStorage, type Storage } from '@waiaas/storage';
import {
  type ChannelBook,
  type ChannelManagement,
  createNotifications,
  type Dispatcher,
  type Notifications,
  type Resolve,
  type Upkeep,
} from '../src/index.ts';

export const OPERATOR: RequestOrigin = {
  actor: { kind: 'operator' },
  ip: '127.0.0.1',
  confirmCredential: () => undefined,
};
const PASSWORD = 'a password for tests';

/** Everything of this package over a real database, a real vault and real HTTP, under a clock that a test sets. */
export interface World {
  readonly folder: string;
  readonly time: VirtualTime;
  readonly storage: Storage;
  readonly keystore: Keystore;
  readonly notifications: Notifications;
  readonly book: ChannelBook;
  readonly channels: ChannelManagement;
  readonly dispatcher: Dispatcher;
  readonly upkeep: Upkeep;
  readonly lines: { readonly level: string; readonly fields: LogFields; readonly message: string }[];
  enabled: boolean;
  offSince: number;
  minChannels: number;
  /** Adds a channel. */
  add(channel: NotificationChannelCreate): Promise<NotificationChannelId>;
  /** Tells nobody that channels were added or changed: most tests are about something else. */
  forgetChanges(): Promise<void>;
  /** Stores an event as a unit of work does. */
  tell(event: NotificationEvent): Promise<void>;
  /** Lets the program run, without time passing, until a condition holds. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Resolves when no event is under way and none is due. */
  settled(): Promise<void>;
  log(): Promise<
    readonly { event: string; status: string; channel_id: string | null; error: string | null; retry_count: number }[]
  >;
  audit(event: string): Promise<readonly Record<string, unknown>[]>;
  waiting(): Promise<number>;
  /** Begins a shutdown, as far as what people have asked for notices it. */
  beginShutdown(): void;
  /** A second life of the same folder: what was in memory is gone. With `locked`, the vault stays shut until `unlock`. */
  restart(how?: { readonly locked?: boolean }): Promise<World>;
  unlock(): Promise<void>;
  remove(): Promise<void>;
}

export interface WorldOptions {
  readonly folder?: string;
  readonly time?: VirtualTime;
  readonly resolve?: Resolve;
  readonly decorate?: (storage: Storage) => Storage;
  /** Leaves the vault shut, as a start with the kill switch engaged does. */
  readonly locked?: boolean;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'waiaas-notifications-'));
  const time = options.time ?? createVirtualTime();
  const lines: World['lines'] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const { keystore } = createKeystore({
    directory: join(folder, 'keystore'),
    clock: time,
    logger,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const opened = openStorage({
    path: join(folder, 'waiaas.db'),
    backupFolder: join(folder, 'backups'),
    clock: time,
    sealer: keystore.sealer,
  });
  const storage = options.decorate?.(opened) ?? opened;
  if (!(await keystore.isInitialised())) await keystore.initialise(PASSWORD);
  const { locked = false } = options;
  if (!locked) await keystore.unlock(PASSWORD);
  const ids = createIdGenerator(time, randomBytes);
  if (!locked) await seed({ storage, sealer: keystore.sealer, clock: time, ids });
  const settings = { enabled: true, offSince: 0, minChannels: 2 };
  const shutdown = new AbortController();
  const notifications = createNotifications({
    storage,
    sealer: keystore.sealer,
    secrets: keystore.secrets,
    clock: time,
    timers: time,
    ids,
    randomBytes,
    logger,
    userAgent: 'WAIaaS test',
    allowedNetworks: ['127.0.0.1'],
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    isEnabled: () => settings.enabled,
    offSince: () => settings.offSince,
    minChannels: () => settings.minChannels,
    dedupTtl: 300,
    logRetentionDays: 30,
    shutdown: shutdown.signal,
  });
  const { book, channels, dispatcher, upkeep } = notifications;
  if (!locked) await book.reload();

  const until: World['until'] = async (condition) => {
    // Sockets are real: they need real time, which nothing here measures.
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const forgetChanges = (): Promise<void> =>
    storage.write(async ({ db }) => {
      await db.deleteFrom('notification_outbox').where('event', '=', 'CHANNEL_CHANGED').execute();
    });
  const waiting = async (): Promise<number> =>
    (await storage.read.selectFrom('notification_outbox').select('id').execute()).length;
  const close = async (): Promise<void> => {
    await dispatcher.stop(0);
    await opened.close();
    if (keystore.isUnlocked) keystore.lock();
  };

  return {
    folder,
    time,
    storage,
    keystore,
    notifications,
    book,
    channels,
    dispatcher,
    upkeep,
    lines,
    get enabled() {
      return settings.enabled;
    },
    set enabled(value) {
      settings.enabled = value;
    },
    get offSince() {
      return settings.offSince;
    },
    set offSince(value) {
      settings.offSince = value;
    },
    get minChannels() {
      return settings.minChannels;
    },
    set minChannels(value) {
      settings.minChannels = value;
    },
    async add(channel) {
      const { channel: made } = await channels.create(notificationChannelCreateSchema.parse(channel), OPERATOR);
      await forgetChanges();
      return notificationChannelId(made.id);
    },
    forgetChanges,
    tell: (event) => storage.write(({ notify }) => notify(event)),
    until,
    async settled() {
      const now = (): number => Math.floor(time.now() / 1000);
      await until(
        async () =>
          dispatcher.underWay === 0 &&
          (await storage.read
            .selectFrom('notification_outbox')
            .select('id')
            .where('next_attempt_at', '<=', now())
            .executeTakeFirst()) === undefined,
      );
    },
    log: () =>
      storage.read
        .selectFrom('notification_log')
        .select(['event', 'status', 'channel_id', 'error', 'retry_count'])
        .orderBy('id')
        .execute(),
    async audit(event) {
      const rows = await storage.read
        .selectFrom('audit_log')
        .select(['details', 'severity', 'actor'])
        .where('event_type', '=', event)
        .orderBy('id')
        .execute();
      return rows.map(({ details, ...row }) => ({ ...JSON.parse(details), ...row }));
    },
    waiting,
    beginShutdown: () => shutdown.abort(),
    async restart(how = {}) {
      await close();
      return createWorld({ ...options, folder, time, ...how });
    },
    unlock: () => keystore.unlock(PASSWORD),
    async remove() {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
