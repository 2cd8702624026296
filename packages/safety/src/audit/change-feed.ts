import { type Change, type ChangeBatch, topicOf, WaiaasError } from '@waiaas/core';
import { type AuditRow, listAudit, listAuditAfter, type Storage } from '@waiaas/storage';

/** Listeners at a time; each costs a connection and a query for every commit it is told of. */
export const MOST_LISTENERS = 16;
/** Rows told in one batch; where there are more, the listener is told to look at everything. */
const MOST_TOLD = 200;
/** How long a listener hears nothing before an empty batch shows that it is still connected, milliseconds. */
const HEARTBEAT_MS = 15_000;
/** What is committed within this time is told together, milliseconds. */
const GATHER_MS = 100;

/** Tells listeners what the daemon commits. */
export interface ChangeFeed {
  /**
   * Batches as they are committed, until the signal is aborted. The first one is empty and comes at once; so do others
   * while nothing happens, so that whoever is gone is noticed.
   *
   * @throws WaiaasError RATE_LIMIT_EXCEEDED, at once, when too many listen already
   */
  watch(signal: AbortSignal): AsyncIterable<ChangeBatch>;
}

/** What the feed works with. */
export interface ChangeFeedDependencies {
  readonly storage: Pick<Storage, 'read' | 'onCommit'>;
  readonly timers: {
    /** Resolves after a while, or at once when the signal is aborted. Never rejects. */
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  };
}

const toChange = (row: AuditRow): Change => ({
  id: row.id,
  topic: topicOf(row.event_type),
  event: row.event_type,
  ...(row.agent_id === null ? {} : { agentId: row.agent_id }),
  ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  ...(row.tx_id === null ? {} : { transactionId: row.tx_id }),
});

/**
 * The feed of changes. Its source is the audit log: every change of state writes its row in its own unit of work, so what
 * is told was committed, and what was committed is told.
 */
export function createChangeFeed({ storage, timers }: ChangeFeedDependencies): ChangeFeed {
  let listeners = 0;
  let commit = Promise.withResolvers<void>();
  storage.onCommit(() => {
    if (listeners === 0) return;
    const { resolve } = commit;
    commit = Promise.withResolvers<void>();
    resolve();
  });

  const lastRow = async (): Promise<number> =>
    (await listAudit(storage.read, { order: 'desc', limit: 1 })).at(0)?.id ?? 0;

  async function* batches(signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    try {
      let last = await lastRow();
      yield { changes: [], complete: true };
      while (!signal.aborted) {
        // Taken before the rows are read: a commit that comes in between is not slept through.
        const committed = commit.promise;
        const rows = await listAuditAfter(storage.read, last, MOST_TOLD + 1);
        if (rows.length > MOST_TOLD) {
          last = await lastRow();
          yield { changes: [], complete: false };
        } else if (rows.length > 0) {
          last = rows.at(-1)?.id ?? last;
          yield { changes: rows.map(toChange), complete: true };
        } else {
          const quiet = new AbortController();
          const end = AbortSignal.any([signal, quiet.signal]);
          const slept = timers.sleep(HEARTBEAT_MS, end).then(() => 'heartbeat' as const);
          const woken = await Promise.race([slept, committed]);
          quiet.abort();
          if (woken === 'heartbeat' && !signal.aborted) yield { changes: [], complete: true };
          continue;
        }
        await timers.sleep(GATHER_MS, signal);
      }
    } finally {
      listeners -= 1;
    }
  }

  return {
    watch(signal) {
      if (listeners >= MOST_LISTENERS) {
        throw new WaiaasError('RATE_LIMIT_EXCEEDED', { message: `At most ${MOST_LISTENERS} listeners at a time` });
      }
      listeners += 1;
      return batches(signal);
    },
  };
}
