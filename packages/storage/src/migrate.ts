import type { Connection } from './connection.ts';
import type { Migration } from './migrations/migration.ts';

/** A database that this version cannot open, and why. Nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** What a migration run did. */
export interface MigrationReport {
  readonly from: number;
  readonly to: number;
  /** Path of the snapshot taken before a database with content was changed. */
  readonly backup: string | null;
}

const versionOf = (connection: Connection): number => Number(connection.pragma('user_version', { simple: true }));

const newestOf = (migrations: readonly Migration[]): number => migrations.at(-1)?.version ?? 0;

const tooNew = (from: number, newest: number): MigrationError =>
  new MigrationError(
    `The database has schema ${from}, this version knows up to ${newest}. Start it with the newer version that wrote it.`,
  );

/** For what reads a database without bringing it up to date. @throws MigrationError unless it has the newest schema */
export function assertNewest(connection: Connection, migrations: readonly Migration[]): void {
  const [present, newest] = [versionOf(connection), newestOf(migrations)];
  if (present > newest) throw tooNew(present, newest);
  if (present < newest) {
    throw new MigrationError(
      `The database has schema ${present}, this version reads ${newest}. Start the daemon once to bring it up to date.`,
    );
  }
}

function applyOne(connection: Connection, migration: Migration): void {
  // PRAGMA foreign_keys does nothing inside a transaction, so it brackets it (01 §2.7).
  if (migration.rebuildsTables === true) connection.pragma('foreign_keys = OFF');
  try {
    connection.exec('BEGIN IMMEDIATE');
    try {
      connection.exec(migration.sql);
      migration.finish?.(connection);
      const broken = connection.pragma('foreign_key_check');
      if (Array.isArray(broken) && broken.length > 0) {
        throw new MigrationError(`Migration ${migration.version} would leave ${broken.length} broken references`);
      }
      // The version is part of the transaction: a step is applied with its mark or not at all.
      connection.pragma(`user_version = ${migration.version}`);
      connection.exec('COMMIT');
    } catch (error) {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  } finally {
    if (migration.rebuildsTables === true) connection.pragma('foreign_keys = ON');
  }
}

/**
 * Brings a database to the newest schema: each step in its own transaction, after a snapshot when there is content to
 * lose (01 §2.7). A second run does nothing.
 *
 * @param backup takes a snapshot and answers its path
 * @param discard removes one again that nothing has come of
 * @throws MigrationError when the database is newer than this code or a step fails; the failed step leaves no trace.
 */
export function migrate(
  connection: Connection,
  migrations: readonly Migration[],
  backup: (label: string) => string,
  discard: (path: string) => void = () => undefined,
): MigrationReport {
  const from = versionOf(connection);
  const newest = newestOf(migrations);
  if (from > newest) throw tooNew(from, newest);
  const open = migrations.filter((migration) => migration.version > from);
  if (open.length === 0) return { from, to: from, backup: null };
  const path = from > 0 ? backup(`before-migration-${newest}`) : null;
  for (const migration of open) {
    if (migration.version !== versionOf(connection) + 1) {
      throw new MigrationError(`Migration ${migration.version} does not follow schema ${versionOf(connection)}`);
    }
    try {
      applyOne(connection, migration);
    } catch (error) {
      // Of a database that is as it was, it is a copy too many: a start that is tried again and again would fill the disk with them.
      if (path !== null && versionOf(connection) === from) discard(path);
      if (error instanceof MigrationError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new MigrationError(`Migration ${migration.version} (${migration.name}) failed: ${reason}`, {
        cause: error,
      });
    }
  }
  return { from, to: newest, backup: path };
}
