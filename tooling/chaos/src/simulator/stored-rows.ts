import type { RecallRow, TransactionRow } from '@waiaas/storage';
import type { SimulatedWorld } from './world.ts';

/** What the daemon has stored, as it is now. */
export interface StoredRows {
  /** Every transaction, oldest first. */
  transactions(): Promise<readonly TransactionRow[]>;
  /** Every recall, oldest first. */
  recalls(): Promise<readonly RecallRow[]>;
}

/** Reads what the daemon of a world has stored: anew only where it has stored something since, as it is looked at after every step. */
export function createStoredRows(world: SimulatedWorld): StoredRows {
  function kept<Row>(load: () => Promise<readonly Row[]>): () => Promise<readonly Row[]> {
    let last: { readonly daemon: object; readonly revision: number; readonly rows: readonly Row[] } | null = null;
    return async () => {
      const { daemon } = world;
      const revision = daemon.storage.revision();
      if (last?.daemon !== daemon || last.revision !== revision) last = { daemon, revision, rows: await load() };
      return last.rows;
    };
  }
  return {
    transactions: kept(() => world.daemon.storage.read.selectFrom('transactions').selectAll().orderBy('id').execute()),
    recalls: kept(() => world.daemon.storage.read.selectFrom('recalls').selectAll().orderBy('id').execute()),
  };
}
