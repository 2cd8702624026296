import { chmodSync, lstatSync, rmSync, truncateSync } from 'node:fs';
import Database from 'better-sqlite3';
import { isSystemError, unlessMissing } from '../system-error.ts';

/*
 * The lock is an operating-system lock (fcntl on POSIX, LockFileEx on Windows) that SQLite takes on daemon.lock and that
 * stays held as long as the connection is open. Why not a file created with O_EXCL that holds a PID: such a file outlives
 * a killed process, and taking it over needs a look, a removal and a creation, between which another starter can do the
 * same. The kernel drops this lock with the process, however it ends, so there is no stale state to judge, PIDs play no
 * part in it, and it also holds between containers that share a volume.
 *
 * Nothing else may open daemon.lock in this process: closing any descriptor of a file drops its POSIX locks.
 */

/** Where the race for the lock is lost for good; long enough for losers that looked at the same moment to let go. */
const WAIT_MS = 2000;
const ATTEMPTS = 20;

/** Exclusive use of a data directory. */
export interface DataDirLock {
  /** Lets go and removes the file. May be called again. */
  release(): void;
}

/** Identity of what is at a path now; a reused inode number differs in its birth time. */
const identity = (path: string): string | null => {
  const stats = unlessMissing(() => lstatSync(path, { bigint: true }), null);
  return stats === null || !stats.isFile() ? null : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
};

const isSqlite = (error: unknown, code: string): boolean => isSystemError(error) && error.code.startsWith(code);

/**
 * Takes the lock of a data directory, or answers null when another process has it.
 *
 * @param path the `daemon.lock` of the directory
 * @throws Error when the file cannot be created or locked at all, such as on a read-only disk
 * @example const lock = acquireLock(dataPaths(dataDir).lock); if (lock === null) throw alreadyRunning();
 */
export function acquireLock(path: string, waitMs = WAIT_MS): DataDirLock | null {
  if (unlessMissing(() => lstatSync(path), null)?.isSymbolicLink()) throw new Error(`${path} is a symbolic link.`);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const taken = tryLock(path, waitMs);
    if (taken !== 'again') return taken;
  }
  return null;
}

function tryLock(path: string, waitMs: number): DataDirLock | null | 'again' {
  // Looked at before opening and again once locked: in between the path may have come to name another file.
  const before = identity(path);
  const database = new Database(path, { timeout: waitMs });
  try {
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isSqlite(error, 'SQLITE_BUSY')) return null;
    if (!isSqlite(error, 'SQLITE_NOTADB') && !isSqlite(error, 'SQLITE_CORRUPT')) throw error;
    // Something else was left in the file. Its content is of no use, and cutting it off cannot break a lock on it.
    truncateSync(path);
    return 'again';
  }
  // The one that lets go removes the file. Whoever had opened it before that holds a lock on a file that is gone, and
  // must not take it for the lock of the directory. A file that was only just created goes round once more.
  if (before === null || identity(path) !== before) {
    database.close();
    return 'again';
  }
  chmodSync(path, 0o600);
  return { release: () => release(database, path) };
}

function release(database: Database.Database, path: string): void {
  if (!database.open) return;
  try {
    // Removed while still held: nobody can have locked a newer file of that name yet.
    rmSync(path, { force: true });
  } catch (error) {
    // Windows keeps open files; a read-only disk keeps all. A file without a lock on it is harmless.
    if (!isSystemError(error, 'EPERM', 'EBUSY', 'EACCES', 'EROFS')) throw error;
  } finally {
    database.close();
  }
}
