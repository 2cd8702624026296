import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { plansOf } from '../../test/plans.ts';
import { openTemporaryStorage, type TemporaryStorage } from '../../test/temporary-storage.ts';
import type { Db } from '../query-executor.ts';
import { listSentSince } from './paid-today.ts';
import {
  countOpenTransactions,
  countWaitingApprovals,
  listByStatus,
  listDueDelays,
  listOverdueApprovals,
  listQueuedOfTier,
  listWaiting,
} from './transactions.ts';

let temporary: TemporaryStorage;
let raw: BetterSqlite3.Database;
beforeEach(() => {
  temporary = openTemporaryStorage();
  raw = new BetterSqlite3(temporary.path, { readonly: true });
});
afterEach(async () => {
  raw.close();
  await temporary.remove();
});

const page = { order: 'asc', limit: 10 } as const;
const questions: readonly (readonly [string, (db: Db) => Promise<unknown>])[] = [
  ['listByStatus', (db) => listByStatus(db, 'EXECUTING')],
  ['listOverdueApprovals', (db) => listOverdueApprovals(db, 5)],
  ['listDueDelays', (db) => listDueDelays(db, 5, 10, { id: 'x', execute_after: 4 })],
  ['listQueuedOfTier', (db) => listQueuedOfTier(db, 'DELAY')],
  ['listWaiting', (db) => listWaiting(db, { ...page, cursor: 'x' })],
  ['countWaitingApprovals', (db) => countWaitingApprovals(db)],
  ['countOpenTransactions', (db) => countOpenTransactions(db)],
  ['listSentSince', (db) => listSentSince(db, 5)],
];

test.each(questions)('%s costs by what has not ended, not by all payments there ever were', async (_name, ask) => {
  const plans = await plansOf(raw, ask);
  expect(plans.join('\n')).toContain('idx_transactions_open');
  expect(
    plans.filter((plan) => plan.startsWith('SCAN transactions') && !plan.includes('idx_transactions_open')),
  ).toEqual([]);
});
