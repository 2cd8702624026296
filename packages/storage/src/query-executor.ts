import type BetterSqlite3 from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Connection } from './connection.ts';
import type { Database } from './schema.ts';

/** Typed access to the database. Inside a unit of work it is that unit's own; elsewhere it only reads. */
export type Db = Kysely<Database>;

type Statement = BetterSqlite3.Statement<unknown[]>;

/** How many prepared statements are kept; far more than the code has, so that only odd ones are prepared twice. */
const STATEMENT_CACHE = 512;

/** Runs statements on one SQLite connection, preparing each text once. */
export interface StatementRunner {
  run<Row>(text: string, values: readonly unknown[]): QueryResult<Row>;
}

/** Makes a runner for a connection. */
export function createStatementRunner(connection: Connection): StatementRunner {
  const statements = new Map<string, Statement>();
  const prepared = (text: string): Statement => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    if (statements.size >= STATEMENT_CACHE) statements.clear();
    const statement = connection.prepare<unknown[]>(text);
    statements.set(text, statement);
    return statement;
  };
  return {
    run<Row>(text: string, values: readonly unknown[]): QueryResult<Row> {
      const statement = prepared(text);
      if (statement.reader) return { rows: statement.all(...values) as Row[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    },
  };
}

const adapter = new SqliteAdapter();
const compiler = new SqliteQueryCompiler();

const refuse = (): never => {
  throw new Error('Transactions belong to the write queue: hand it a unit of work');
};

// Kysely asks its driver for connections and transactions; here both are the write queue's, so the driver has none.
const driver: Driver = {
  init: async () => undefined,
  acquireConnection: async () => refuse(),
  beginTransaction: async () => refuse(),
  commitTransaction: async () => refuse(),
  rollbackTransaction: async () => refuse(),
  releaseConnection: async () => undefined,
  destroy: async () => undefined,
};

const dialect: Dialect = {
  createAdapter: () => adapter,
  createDriver: () => driver,
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => compiler,
};

/** Runs a statement as it is written. @throws what the database answers, or that its access is over */
type Run = <Row>(text: string, values: readonly unknown[]) => QueryResult<Row>;

const runs = new WeakMap<Db, Run>();

/**
 * Runs a statement that is written out, past the query builder, which takes as long for handing it on as SQLite for running
 * it. An access with a plugin goes through the builder, for the plugin to see it.
 */
export async function runStatement<Row>(db: Db, text: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
  const run = runs.get(db);
  return run === undefined ? db.executeQuery<Row>(CompiledQuery.raw(text, [...values])) : run<Row>(text, values);
}

/**
 * Typed access through a runner. Queries answer within the same turn of the event loop: nothing is awaited but the
 * promise Kysely wraps around them.
 *
 * @param isOpen asked before every statement; a unit that is over can no longer reach the database
 * @param over what a statement after that is answered with
 */
export function createDb(runner: StatementRunner, isOpen: () => boolean, over: () => Error): Db {
  const run: Run = (text, values) => {
    if (!isOpen()) throw over();
    return runner.run(text, values);
  };
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      return run<Row>(sql, parameters);
    },
    streamQuery: () => refuse(),
  };
  const executor = new DefaultQueryExecutor(compiler, adapter, {
    provideConnection: (consumer) => consumer(connection),
  });
  const db: Db = new Kysely<Database>({ config: { dialect }, dialect, driver, executor });
  runs.set(db, run);
  return db;
}
