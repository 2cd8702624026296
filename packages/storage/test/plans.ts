import type BetterSqlite3 from 'better-sqlite3';
import type { QueryResult } from 'kysely';
import { createDb, type Db } from '../src/query-executor.ts';

/** How SQLite would carry out what a function asks, line by line. @param raw reads the same database */
export async function plansOf(
  raw: BetterSqlite3.Database,
  ask: (db: Db) => Promise<unknown>,
): Promise<readonly string[]> {
  const plans: string[] = [];
  const runner = {
    run<Row>(sql: string, parameters: readonly unknown[]): QueryResult<Row> {
      const rows = raw.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
      plans.push(...rows.map(({ detail }) => detail));
      return { rows: raw.prepare<unknown[], Row>(sql).all(...parameters) };
    },
  };
  await ask(
    createDb(
      runner,
      () => true,
      () => new Error('over'),
    ),
  );
  return plans;
}
