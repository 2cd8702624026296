import { existsSync, statSync } from 'node:fs';
import {
  type Connection,
  type ConnectionSettings,
  DEFAULT_CONNECTION_SETTINGS,
  openReadConnection,
} from './connection.ts';
import { writeMarkedCopy } from './marked-copy.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { assertOwnSchema, ForeignSchema } from './schema-guard.ts';
import { storageError } from './write-queue.ts';

/** What a database file is, found without changing it. */
export interface DatabaseExamination {
  readonly schemaVersion: number;
  /** The schema of this version. A file with a newer one cannot be opened by it. */
  readonly newestSchema: number;
  /** What SQLite finds damaged, refers to nothing, or was planted in the schema; empty for a sound file. */
  readonly damage: readonly string[];
}

/** What was planted in the schema; only that of this version is known. */
function foreignIn(connection: Connection): string[] {
  try {
    assertOwnSchema(connection);
    return [];
  } catch (error) {
    if (error instanceof ForeignSchema) return [error.message];
    throw error;
  }
}

/** Findings that are told; a damaged file may have millions. */
const FINDINGS = 20;

function reading<T>(path: string, settings: Partial<ConnectionSettings>, use: (connection: Connection) => T): T {
  let connection: Connection | undefined;
  try {
    connection = openReadConnection(path, { ...DEFAULT_CONNECTION_SETTINGS, ...settings });
    return use(connection);
  } catch (error) {
    throw storageError(error);
  } finally {
    connection?.close();
  }
}

/**
 * Copies a database as it is committed at this moment, also beside the daemon that writes it. The copy is readable for its
 * owner only, and says of itself that it is one.
 *
 * @param to must not exist
 * @param madeAt when, ISO 8601
 * @throws WaiaasError STORAGE_UNAVAILABLE when the file cannot be opened or is damaged
 */
export function copyDatabase(
  from: string,
  to: string,
  madeAt: string,
  settings: Partial<ConnectionSettings> = {},
): void {
  reading(from, settings, (connection) => {
    // It forbids writing to the copy as well; the file itself is opened for reading.
    connection.pragma('query_only = OFF');
    writeMarkedCopy(connection, to, madeAt);
  });
}

/**
 * The schema that a database file has, where this version is about to bring it to a newer one; null for a file that is not there,
 * is empty, or needs nothing done. That may take minutes, in which nothing else happens.
 *
 * @throws WaiaasError STORAGE_UNAVAILABLE when it cannot be read, which need not mean that it cannot be opened: what a crash has left
 *   half written is put right by the first that opens it for writing
 */
export function earlierSchema(path: string, settings: Partial<ConnectionSettings> = {}): number | null {
  if (!existsSync(path) || statSync(path).size === 0) return null;
  const version = reading(path, settings, (connection) => Number(connection.pragma('user_version', { simple: true })));
  return version > 0 && version < (MIGRATIONS.at(-1)?.version ?? 0) ? version : null;
}

/**
 * Looks a database file over: its schema, and whether it is whole.
 * @throws WaiaasError STORAGE_UNAVAILABLE when it is none at all
 */
export const examineDatabase = (path: string, settings: Partial<ConnectionSettings> = {}): DatabaseExamination =>
  reading(path, settings, (connection) => {
    const found = connection.prepare(`PRAGMA integrity_check(${FINDINGS})`).pluck().all().map(String);
    const schemaVersion = Number(connection.pragma('user_version', { simple: true }));
    const newestSchema = MIGRATIONS.at(-1)?.version ?? 0;
    const loose = connection.prepare('PRAGMA foreign_key_check').all().length;
    return {
      schemaVersion,
      newestSchema,
      damage: [
        ...found.filter((line) => line !== 'ok'),
        ...(schemaVersion === newestSchema ? foreignIn(connection) : []),
        ...(loose === 0 ? [] : [`${loose} rows refer to rows that are not there`]),
      ],
    };
  });
