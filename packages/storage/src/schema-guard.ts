import { WaiaasError } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';

/*
 * Who can write the file can plant in it what acts with the daemon's own hand: a trigger puts a row back inside the unit that
 * has just changed it, a view or an index answers with what it likes. So the schema is held against the one that the
 * migrations make, before anything is believed that is read through it.
 */

/** The database holds triggers, views or indexes that no migration has made, or tables that none has made that way. */
export class ForeignSchema extends Error {
  override readonly name = 'ForeignSchema';
  constructor(objects: readonly string[]) {
    super(`The schema of the database was changed by somebody else: ${objects.slice(0, 5).join(', ')}`);
  }
}

interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  /** Null for what SQLite makes by itself for a constraint. */
  readonly sql: string | null;
}

/** What a schema has that it should not, and what it lacks. */
interface Difference {
  readonly foreign: readonly SchemaObject[];
  readonly missing: readonly SchemaObject[];
}

const objectsOf = (connection: Connection): SchemaObject[] =>
  connection.prepare<[], SchemaObject>('SELECT type, name, tbl_name, sql FROM sqlite_schema').all();

/** How a statement is laid out is not what it says. */
const fingerprint = ({ type, name, tbl_name, sql }: SchemaObject): string =>
  JSON.stringify([type, name, tbl_name, sql?.replaceAll(/\s+/g, ' ') ?? null]);

const label = ({ type, name }: SchemaObject): string => `${type} ${name}`;

/** What the migrations make of an empty database. */
interface Expected {
  readonly objects: readonly (readonly [fingerprint: string, object: SchemaObject])[];
  readonly fingerprints: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
}

const made = new Map<number, Expected>();

/** Of the schema of a version. The same in every run, so that once is enough. */
function expected(version: number): Expected {
  const known = made.get(version);
  if (known !== undefined) return known;
  const connection = new BetterSqlite3(':memory:');
  try {
    migrate(connection, MIGRATIONS.slice(0, version), () => '');
    const objects = objectsOf(connection).map((object) => [fingerprint(object), object] as const);
    const result = {
      objects,
      fingerprints: new Set(objects.map(([mark]) => mark)),
      tables: new Set(objects.map(([, { tbl_name }]) => tbl_name)),
    };
    made.set(version, result);
    return result;
  } finally {
    connection.close();
  }
}

function difference(connection: Connection, version = MIGRATIONS.length): Difference {
  const { objects, fingerprints, tables } = expected(version);
  const found = objectsOf(connection).map((object) => [fingerprint(object), object] as const);
  const present = new Set(found.map(([mark]) => mark));
  // A table that some tool has put beside ours, with its indexes, is nothing the daemon ever reads or fires.
  const isApart = ({ type, tbl_name }: SchemaObject): boolean =>
    (type === 'table' || type === 'index') && !tables.has(tbl_name);
  const only = (all: Expected['objects'], other: ReadonlySet<string>): SchemaObject[] =>
    all.flatMap(([mark, object]) => (other.has(mark) ? [] : [object]));
  return {
    foreign: only(found, fingerprints).filter((object) => !isApart(object)),
    missing: only(objects, present),
  };
}

function refuseForeign({ foreign }: Difference): void {
  if (foreign.length > 0) throw new ForeignSchema(foreign.map(label));
}

/** @throws ForeignSchema when the database, of the newest schema, has anything in it that could act or answer by itself */
export function assertOwnSchema(connection: Connection): void {
  refuseForeign(difference(connection));
}

/**
 * What somebody has planted in the schema of an earlier version, or removed from it. A step that rebuilds a table leaves nothing of
 * it: it is to be told of, for nobody finds it afterwards.
 *
 * @param version the schema of the database
 */
export function changesOfSchema(connection: Connection, version: number): readonly string[] {
  const { foreign, missing } = difference(connection, version);
  return [...foreign.map(label), ...missing.map((object) => `no ${label(object)}`)];
}

/**
 * As `assertOwnSchema`, and puts back the triggers and indexes that somebody has removed. Answers which they were.
 * @throws ForeignSchema also when a table was removed
 */
export function restoreOwnSchema(connection: Connection): readonly string[] {
  const found = difference(connection);
  refuseForeign(found);
  const { missing } = found;
  const lost = missing.filter(({ type, sql }) => type === 'table' || sql === null);
  if (lost.length > 0) throw new ForeignSchema(lost.map((object) => `no ${label(object)}`));
  if (missing.length === 0) return [];
  const restore = connection.transaction(() => {
    for (const { sql } of missing) if (sql !== null) connection.exec(sql);
  });
  restore.immediate();
  return missing.map(label);
}

/** Watches over the schema of a database that is open. */
export interface SchemaGuard {
  /**
   * First step of a transaction.
   * @throws WaiaasError STORAGE_UNAVAILABLE when somebody has planted something since the last one
   */
  begin(): void;
}

/** Guards a schema that was found to be the daemon's own. One number tells whether it is still the same. */
export function createSchemaGuard(connection: Connection): SchemaGuard {
  const cookie = connection.prepare<[], number>('PRAGMA schema_version').pluck();
  let checked = cookie.get();
  return {
    begin() {
      const present = cookie.get();
      if (present === checked) return;
      // A tool that only compacts the file counts as well.
      try {
        assertOwnSchema(connection);
      } catch (error) {
        if (!(error instanceof ForeignSchema)) throw error;
        throw new WaiaasError('STORAGE_UNAVAILABLE', {
          message: 'The schema of the database was changed by somebody else; nothing is written to it.',
          hint: 'Stop the daemon and put a backup in the place of its database.',
          cause: error,
        });
      }
      checked = present;
    },
  };
}
