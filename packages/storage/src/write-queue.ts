import { type NotificationEvent, WaiaasError } from '@waiaas/core';
import type { AuditSealing } from './audit-sealing.ts';
import type { Connection } from './connection.ts';
import type { HeadKeeper } from './heads/head-keeper.ts';
import { createDb, createStatementRunner, type Db } from './query-executor.ts';
import type { SchemaGuard } from './schema-guard.ts';
import { bindEvents } from './unit-events.ts';

/**
 * What a unit of work may use. Nothing but `db` may be awaited inside a unit: no network, no timer, no key operation. On
 * PostgreSQL the same unit would run in a transaction of its own.
 */
export interface UnitOfWork {
  readonly db: Db;
  /**
   * Stores an event the owner is to be told of, with the change it tells of: neither exists without the other, and no crash
   * loses it. It is told once the unit is committed (08 §2.10).
   */
  notify(event: NotificationEvent): Promise<void>;
}

/** How a unit of work is taken. */
export interface WriteOptions {
  /** Taken before all that wait, and committed by itself: for what must not be held up by payments, the kill switch. */
  readonly urgent?: boolean;
}

/** Runs units of work one after another, in the order they were handed in; those that are urgent before the others. */
export interface WriteQueue {
  /**
   * Runs a unit and resolves with its value once it is on disk. A unit that throws leaves no trace and rejects with what
   * it threw; a decision that must be kept, such as a denial, is therefore returned, never thrown (04 §3).
   *
   * What changes thousands of rows does so in few statements: after each, SQLite looks through the copies it keeps of all pages
   * that the unit has changed.
   *
   * @throws WaiaasError STORAGE_UNAVAILABLE when the database cannot be written; nothing of the unit was kept.
   */
  write<T>(unit: (work: UnitOfWork) => Promise<T>, options?: WriteOptions): Promise<T>;
  /** How often something was committed. What was read at one revision holds until the next. */
  revision(): number;
  /** Calls a function whenever events were committed that the owner is to be told of. It must not throw. */
  onNotification(listener: () => void): void;
  /** Calls a function after every commit, once its callers were answered. It must not throw. */
  onCommit(listener: () => void): void;
  /** Resolves when everything handed in so far is on disk; afterwards `write` refuses. */
  close(): Promise<void>;
}

/** What runs inside every transaction of the queue. */
export interface QueueParts {
  readonly storeEvent: (db: Db, event: NotificationEvent) => Promise<void>;
  readonly audit: Pick<AuditSealing, 'begin' | 'end'>;
  readonly heads: Omit<HeadKeeper, 'attachReader'>;
  readonly schema: SchemaGuard;
}

interface Entry {
  run(work: UnitOfWork): Promise<Outcome>;
  fail(error: unknown): void;
}

/** What became of a unit, told to its caller only after the commit. */
type Outcome = { readonly kept: boolean; readonly tell: () => void; readonly notified?: boolean };

/** Most units that share a commit. Bounds how long the first one waits for the last. */
const BATCH = 128;

const UNAVAILABLE = /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|NOMEM|CORRUPT|NOTADB)/;

const sqliteCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Turns a failure of the database itself into the catalogue's error; leaves everything else as it is. */
export const storageError = (error: unknown): unknown =>
  UNAVAILABLE.test(sqliteCode(error)) ? new WaiaasError('STORAGE_UNAVAILABLE', { cause: error }) : error;

const stalled = (): Error => new Error('A unit of work awaited something that is not the database');

/**
 * The write queue of 00 §3. Units that are waiting at the same time share one BEGIN IMMEDIATE and one commit (group
 * commit), each in its own SAVEPOINT, so that the cost of a durable commit is shared and a failing unit harms no other.
 * Callers are answered only after the commit.
 *
 * @param parts.storeEvent stores an event that a unit notifies of, by the unit's own access
 * @param parts.audit seals the end of the audit log with each commit
 * @param parts.heads seals what each agent's newest state is with each commit
 * @param parts.schema refuses a transaction once the schema is not the daemon's any more
 */
export function createWriteQueue(connection: Connection, parts: QueueParts): WriteQueue {
  const { storeEvent, audit, heads, schema } = parts;
  const runner = createStatementRunner(connection);
  const urgent: Entry[] = [];
  const waiting: Entry[] = [];
  let draining: Promise<void> | null = null;
  let closed = false;
  let commits = 0;
  const listeners: (() => void)[] = [];
  const commitListeners: (() => void)[] = [];

  async function runOne(entry: Entry): Promise<Outcome> {
    connection.exec('SAVEPOINT unit');
    let open = true;
    const db = createDb(
      runner,
      () => open,
      () => new Error('This unit of work is over'),
    );
    heads.openUnit(db);
    let kept = false;
    let notified = false;
    const notify = async (event: NotificationEvent): Promise<void> => {
      await storeEvent(db, event);
      notified = true;
    };
    bindEvents(db, notify);
    let watchdog: NodeJS.Immediate | undefined;
    // Database calls answer within this turn of the event loop, so a unit that is still running in the next turn awaits
    // something else. Letting it would hold the write lock for as long as, say, an RPC node likes.
    const timeUp = new Promise<never>((_resolve, reject) => {
      watchdog = setImmediate(() => reject(stalled()));
    });
    try {
      const outcome = await Promise.race([entry.run({ db, notify }), timeUp]);
      kept = outcome.kept;
      if (connection.inTransaction) connection.exec(outcome.kept ? 'RELEASE unit' : 'ROLLBACK TO unit; RELEASE unit');
      return { ...outcome, notified: outcome.kept && notified };
    } catch (error) {
      if (connection.inTransaction) connection.exec('ROLLBACK TO unit; RELEASE unit');
      return { kept: false, tell: () => entry.fail(error) };
    } finally {
      open = false;
      heads.closeUnit(kept);
      clearImmediate(watchdog);
    }
  }

  async function commitBatch(batch: readonly Entry[]): Promise<void> {
    const outcomes: Outcome[] = [];
    try {
      connection.exec('BEGIN IMMEDIATE');
      schema.begin();
      audit.begin();
      heads.begin();
      for (const entry of batch) {
        outcomes.push(await runOne(entry));
        // A full disk or an I/O error makes SQLite roll the whole transaction back by itself.
        if (!connection.inTransaction) throw new WaiaasError('STORAGE_UNAVAILABLE');
      }
      const committed = [heads.end(), audit.end()];
      connection.exec('COMMIT');
      for (const note of committed) note();
      commits += 1;
    } catch (error) {
      for (const entry of batch) entry.fail(storageError(error));
      if (connection.inTransaction) connection.exec('ROLLBACK');
      return;
    }
    for (const outcome of outcomes) outcome.tell();
    if (outcomes.some(({ notified }) => notified === true)) for (const listener of listeners) listener();
    for (const listener of commitListeners) listener();
  }

  async function drain(): Promise<void> {
    while (urgent.length > 0 || waiting.length > 0) {
      // One turn of the event loop, so that requests that arrived together are committed together.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await commitBatch((urgent.length > 0 ? urgent : waiting).splice(0, BATCH));
    }
    draining = null;
  }

  return {
    write<T>(unit: (work: UnitOfWork) => Promise<T>, options: WriteOptions = {}): Promise<T> {
      if (closed) return Promise.reject(new WaiaasError('SHUTTING_DOWN'));
      return new Promise<T>((resolve, reject) => {
        (options.urgent === true ? urgent : waiting).push({
          async run(work) {
            try {
              const value = await unit(work);
              return { kept: true, tell: () => resolve(value) };
            } catch (error) {
              return { kept: false, tell: () => reject(storageError(error)) };
            }
          },
          fail: (error) => reject(storageError(error)),
        });
        draining ??= drain();
      });
    },
    revision: () => commits,
    onNotification: (listener) => void listeners.push(listener),
    onCommit: (listener) => void commitListeners.push(listener),
    async close() {
      closed = true;
      while (draining !== null) await draining;
    },
  };
}
