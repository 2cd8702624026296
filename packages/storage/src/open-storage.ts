import { randomBytes as systemRandomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Clock,
  createIdGenerator,
  isoTime,
  type NotificationEvent,
  type RandomBytes,
  type RowSealer,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { createAuditSealing } from './audit-sealing.ts';
import {
  type Connection,
  type ConnectionSettings,
  DEFAULT_CONNECTION_SETTINGS,
  openReadConnection,
  openWriteConnection,
  restrictFiles,
} from './connection.ts';
import { createHeadKeeper } from './heads/head-keeper.ts';
import { writeMarkedCopy } from './marked-copy.ts';
import { assertNewest, type MigrationReport, migrate } from './migrate.ts';
import { AUDIT_CHAIN_SCHEMA } from './migrations/0006-audit-chain.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { createDb, createStatementRunner, type Db } from './query-executor.ts';
import { assertOwnSchema, changesOfSchema, createSchemaGuard, restoreOwnSchema } from './schema-guard.ts';
import { enqueueNotification } from './tables/notification-outbox.ts';
import { createWriteQueue, storageError, type UnitOfWork, type WriteOptions } from './write-queue.ts';

/** Where and how to open the database. */
export interface StorageOptions {
  /** Path of the database file. */
  readonly path: string;
  /** Folder for snapshots. */
  readonly backupFolder: string;
  readonly clock: Clock;
  /** For the ids of stored notifications, and the name of this run. Default: the system's. */
  readonly randomBytes?: RandomBytes;
  /** Seals the end of the audit log and the heads; may be locked at first. */
  readonly sealer: RowSealer;
  readonly settings?: Partial<ConnectionSettings>;
}

/** What opening a database changed. */
export interface OpeningReport extends MigrationReport {
  /** Triggers and indexes that somebody had removed and that were put back. */
  readonly restored: readonly string[];
  /** What somebody had changed in the schema of an earlier version; of what the migration has rebuilt, nothing is left of it. */
  readonly changed: readonly string[];
}

/** Sizes for people who watch a daemon. */
export interface StorageFacts {
  readonly path: string;
  readonly sizeBytes: number;
  readonly walSizeBytes: number;
  readonly walMode: boolean;
  readonly schemaVersion: number;
  readonly tables: number;
}

/** The database of a daemon. Nothing above this package may assume that it is SQLite (00 §3). */
export interface Storage {
  /** Runs a unit of work; see `WriteQueue.write`. */
  write<T>(unit: (work: UnitOfWork) => Promise<T>, options?: WriteOptions): Promise<T>;
  /** How often this daemon, the only writer, has committed something; see `rememberUntilWrite`. */
  revision(): number;
  /** Calls a function whenever events were committed that the owner is to be told of; see `WriteQueue.onNotification`. */
  onNotification(listener: () => void): void;
  /** Calls a function after every commit; see `WriteQueue.onCommit`. */
  onCommit(listener: () => void): void;
  /** Committed state, for reading only. */
  readonly read: Db;
  /** False once somebody else than this process has changed the end of the audit log or its sealed head. */
  isAuditIntact(): boolean;
  /** What opening the database changed. */
  readonly migration: OpeningReport;
  facts(): StorageFacts;
  /** Moves the log into the database file. Answers false when a reader was in the way; the next run will do it. */
  checkpoint(): boolean;
  /** Writes a snapshot, which says of itself that it is a copy, into the backup folder and answers its path. */
  snapshot(label?: string): string;
  /** Waits for what was handed in, checkpoints and closes. */
  close(): Promise<void>;
}

/** Random bytes in the name of a run of the daemon. */
const RUN_BYTES = 12;

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

const privateFolder = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
};

function writeSnapshot(connection: Connection, folder: string, madeAt: string, label: string): string {
  privateFolder(folder);
  const stamp = madeAt.replaceAll(/[:.]/g, '-');
  const path = join(folder, `waiaas-${label === '' ? '' : `${label}-`}${stamp}.db`);
  writeMarkedCopy(connection, path, madeAt);
  return path;
}

/**
 * Opens the database and brings its schema up to date. The files are readable for their owner
 * only (01 §1.2).
 *
 * @throws MigrationError when the database is newer than this code, or a migration fails
 * @throws ForeignSchema when its schema has anything in it that the migrations do not make
 * @throws WaiaasError STORAGE_UNAVAILABLE when the file cannot be opened or is damaged
 */
export function openStorage(options: StorageOptions): Storage {
  const settings = { ...DEFAULT_CONNECTION_SETTINGS, ...options.settings };
  privateFolder(dirname(options.path));
  const opened: Connection[] = [];
  try {
    const writer = openWriteConnection(options.path, settings);
    opened.push(writer);
    const snapshot = (label = ''): string =>
      writeSnapshot(writer, options.backupFolder, isoTime(options.clock.now()), label);
    const earlier = Number(writer.pragma('user_version', { simple: true }));
    const changed = earlier > 0 && earlier < MIGRATIONS.length ? changesOfSchema(writer, earlier) : [];
    const migration = migrate(writer, MIGRATIONS, snapshot, (path) => rmSync(path, { force: true }));
    const restored = restoreOwnSchema(writer);
    restrictFiles(options.path);
    const reader = openReadConnection(options.path, settings);
    opened.push(reader);
    const randomBytes = options.randomBytes ?? systemRandomBytes;
    const ids = createIdGenerator(options.clock, randomBytes);
    const sealing = createAuditSealing(writer, {
      sealer: options.sealer,
      clock: options.clock,
      isNew: migration.from < AUDIT_CHAIN_SCHEMA,
    });
    const storeEvent = (db: Db, event: NotificationEvent): Promise<void> =>
      enqueueNotification(db, { id: ids.next(), at: unixSeconds(options.clock), event }, options.sealer);
    const run = Buffer.from(randomBytes(RUN_BYTES)).toString('base64url');
    const heads = createHeadKeeper(writer, options.sealer, run);
    const queue = createWriteQueue(writer, { storeEvent, audit: sealing, heads, schema: createSchemaGuard(writer) });
    const read = createDb(
      createStatementRunner(reader),
      () => reader.open,
      () => new WaiaasError('SHUTTING_DOWN'),
    );
    heads.attachReader(read, reader);
    return {
      write: (unit, options) => queue.write(unit, options),
      revision: queue.revision,
      onNotification: queue.onNotification,
      onCommit: queue.onCommit,
      read,
      isAuditIntact: () => !sealing.isBroken,
      migration: { ...migration, restored, changed },
      facts: () => ({
        path: options.path,
        sizeBytes: sizeOf(options.path),
        walSizeBytes: sizeOf(`${options.path}-wal`),
        walMode: writer.pragma('journal_mode', { simple: true }) === 'wal',
        schemaVersion: Number(writer.pragma('user_version', { simple: true })),
        tables: Number(
          writer
            .prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .pluck()
            .get(),
        ),
      }),
      checkpoint() {
        if (writer.inTransaction) return false;
        const [row]: unknown[] = [writer.pragma('wal_checkpoint(TRUNCATE)')].flat();
        return typeof row === 'object' && row !== null && 'busy' in row && row.busy === 0;
      },
      snapshot,
      async close() {
        await queue.close();
        reader.close();
        if (writer.open) {
          writer.pragma('wal_checkpoint(TRUNCATE)');
          writer.close();
        }
      },
    };
  } catch (error) {
    for (const connection of opened) connection.close();
    throw storageError(error);
  }
}

/** A database that is only read, beside the daemon that writes it or without one. */
export interface ReadingStorage {
  /** Committed state. */
  readonly read: Db;
  close(): void;
}

/**
 * Opens a database for reading and changes nothing in it: for tools that look at the files of a daemon.
 *
 * @throws MigrationError when its schema is another than this code's
 * @throws ForeignSchema when somebody has changed it
 * @throws WaiaasError STORAGE_UNAVAILABLE when the file cannot be opened or is damaged
 */
export function openForReading(options: Pick<StorageOptions, 'path' | 'settings'>): ReadingStorage {
  let reader: Connection | undefined;
  try {
    reader = openReadConnection(options.path, { ...DEFAULT_CONNECTION_SETTINGS, ...options.settings });
    assertNewest(reader, MIGRATIONS);
    assertOwnSchema(reader);
  } catch (error) {
    reader?.close();
    throw storageError(error);
  }
  const connection = reader;
  return {
    read: createDb(
      createStatementRunner(connection),
      () => connection.open,
      () => new WaiaasError('SHUTTING_DOWN'),
    ),
    close: () => void connection.close(),
  };
}
