import { sql } from 'kysely';
import type { World } from './world.ts';

/**
 * Somebody who can write the database file: every trigger and every CHECK is theirs to switch off. What they have not is
 * the vault.
 */
export async function alter(world: World, ...statements: readonly string[]): Promise<void> {
  await world.storage.write(async ({ db }) => {
    const { rows: triggers } = await sql<{ name: string; sql: string }>`
      SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`.execute(db);
    for (const { name } of triggers) await sql.raw(`DROP TRIGGER ${name}`).execute(db);
    await sql.raw('PRAGMA ignore_check_constraints = ON').execute(db);
    for (const statement of statements) await sql.raw(statement).execute(db);
    await sql.raw('PRAGMA ignore_check_constraints = OFF').execute(db);
    for (const trigger of triggers) await sql.raw(trigger.sql).execute(db);
  });
}

/** A row as it is now, to be put back later. */
export async function copyRow(world: World, table: string, where: string): Promise<() => Promise<void>> {
  const copy = `copy_${Math.floor(world.time.now())}_${copies++}`;
  await alter(world, `CREATE TABLE ${copy} AS SELECT * FROM ${table} WHERE ${where}`);
  return () => alter(world, `DELETE FROM ${table} WHERE ${where}`, `INSERT INTO ${table} SELECT * FROM ${copy}`);
}
let copies = 0;
