import { type Db, runStatement } from './query-executor.ts';
import type { Database } from './schema.ts';

/*
 * Statements that are written out, because building one takes ten times as long as running it: those that every payment
 * passes. All others are built, where the compiler holds them against the schema.
 *
 * Where one has an ORDER BY, its values are asked for by sub-queries, `agent_id = (SELECT ?)`: SQLite looks at what is bound
 * to a plain parameter when it plans the order, and so plans the statement anew each time another value is bound.
 */

/** Rows that a statement answers, which the caller knows the columns of. */
export const rowsOf = async <Row>(db: Db, text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  (await runStatement<Row>(db, text, values)).rows;

/** The first of them; undefined where there is none. */
export const firstOf = async <Row>(db: Db, text: string, values: readonly unknown[] = []): Promise<Row | undefined> =>
  (await runStatement<Row>(db, text, values)).rows[0];

/** Runs a statement that changes rows. Answers how many there were. */
export const changeRows = async (db: Db, text: string, values: readonly unknown[]): Promise<bigint> =>
  (await runStatement(db, text, values)).numAffectedRows ?? 0n;

/** What an UPDATE sets, in the order of the values. The names of the columns come from the code, never from outside. */
export const settingsOf = (fields: object): string =>
  Object.keys(fields)
    .map((column) => `${column} = ?`)
    .join(', ');

/** Inserts a row, which is given whole. The names of its columns come from the code as well. */
export async function insertRow(db: Db, table: keyof Database, row: object): Promise<void> {
  const columns = Object.keys(row);
  const text = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  await runStatement(db, text, Object.values(row));
}
