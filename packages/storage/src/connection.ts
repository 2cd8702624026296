import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';

/** A SQLite connection. */
export type Connection = BetterSqlite3.Database;

/** Tuning of a connection; the keys of `[database]` (01 §1.5). */
export interface ConnectionSettings {
  /** How long a statement waits for another process's lock, ms. */
  readonly busyTimeoutMs: number;
  /** Page cache, KiB. */
  readonly cacheSizeKib: number;
  /** Bytes of the file that are mapped into memory. */
  readonly mmapSizeBytes: number;
}

/** Settings that fit a small machine. */
export const DEFAULT_CONNECTION_SETTINGS: ConnectionSettings = {
  busyTimeoutMs: 5000,
  cacheSizeKib: 64_000,
  mmapSizeBytes: 268_435_456,
};

const SIDE_FILES = ['', '-wal', '-shm'] as const;

/** Sets a database's files to 0600, whatever the umask was when SQLite made them (01 §1.2). */
export function restrictFiles(path: string): void {
  for (const suffix of SIDE_FILES) if (existsSync(path + suffix)) chmodSync(path + suffix, 0o600);
}

/**
 * Opens the one connection that writes. The pragmas are set in the order of 01 §2.1, but `synchronous` is FULL: with
 * NORMAL a power cut can lose the last commits, among them the record that prevents a second payment (00 §3, 04 §3).
 */
export function openWriteConnection(path: string, settings: ConnectionSettings): Connection {
  // Made before SQLite opens it, so that there is no moment at which others may read it.
  if (!existsSync(path)) closeSync(openSync(path, 'ax', 0o600));
  const connection = new BetterSqlite3(path, { timeout: settings.busyTimeoutMs });
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma(`busy_timeout = ${settings.busyTimeoutMs}`);
  connection.pragma(`cache_size = -${settings.cacheSizeKib}`);
  connection.pragma(`mmap_size = ${settings.mmapSizeBytes}`);
  connection.pragma('temp_store = MEMORY');
  // Checkpoints are the worker's and the shutdown's; the automatic one stays as a bound on the size of the log.
  connection.pragma('wal_autocheckpoint = 4000');
  restrictFiles(path);
  return connection;
}

/** Opens the connection that reads. It sees committed state only and refuses every write. */
export function openReadConnection(path: string, settings: ConnectionSettings): Connection {
  const connection = new BetterSqlite3(path, { readonly: true, fileMustExist: true, timeout: settings.busyTimeoutMs });
  connection.pragma('query_only = ON');
  connection.pragma(`cache_size = -${settings.cacheSizeKib}`);
  connection.pragma(`mmap_size = ${settings.mmapSizeBytes}`);
  connection.pragma('temp_store = MEMORY');
  return connection;
}
