import { agentId, type TransactionStatus } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { plansOf } from '../../test/plans.ts';
import { openTemporaryStorage, type TemporaryStorage, testId } from '../../test/temporary-storage.ts';
import type { Db } from '../query-executor.ts';
import { listSentSince } from './paid-today.ts';
import {
  countOpenTransactions,
  countWaitingApprovals,
  listByStatus,
  listDueDelays,
  listOverdueApprovals,
  listPayments,
  listPendingOfAgent,
  listQueuedOfTier,
  listSignedOf,
  listTransactions,
  listUnderWayOfAgent,
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
const agent = agentId(testId(1));
const wallet = { chain: 'solana', network: 'localnet', address: 'a' } as const;
const questions: readonly (readonly [string, (db: Db) => Promise<unknown>])[] = [
  ['listByStatus', (db) => listByStatus(db, 'EXECUTING')],
  ['listOverdueApprovals', (db) => listOverdueApprovals(db, 5)],
  ['listDueDelays', (db) => listDueDelays(db, 5, 10, { id: 'x', execute_after: 4 })],
  ['listQueuedOfTier', (db) => listQueuedOfTier(db, 'DELAY')],
  ['listWaiting', (db) => listWaiting(db, { ...page, cursor: 'x' })],
  ['countWaitingApprovals', (db) => countWaitingApprovals(db)],
  ['countOpenTransactions', (db) => countOpenTransactions(db)],
  ['listSentSince', (db) => listSentSince(db, 5)],
  ['listSignedOf', (db) => listSignedOf(db, wallet)],
  ['listUnderWayOfAgent', (db) => listUnderWayOfAgent(db, agent)],
  ['listPendingOfAgent', (db) => listPendingOfAgent(db, agent)],
  ['listTransactions', (db) => listTransactions(db, { ...page, agentId: agent, status: 'QUEUED', cursor: 'x' })],
  ['listPayments', (db) => listPayments(db, { ...page, status: 'QUEUED' })],
  ['listPayments of an agent', (db) => listPayments(db, { ...page, agentId: agent, status: 'SUBMITTED' })],
];

test.each(questions)('%s costs by what has not ended, not by all payments there ever were', async (_name, ask) => {
  const plans = await plansOf(raw, ask);
  expect(plans.join('\n')).toContain('idx_transactions_open');
  expect(
    plans.filter((plan) => plan.startsWith('SCAN transactions') && !plan.includes('idx_transactions_open')),
  ).toEqual([]);
});

test('payments of an agent that ended in one way are found by that, and come in order', async () => {
  const query = { ...page, agentId: agent, status: 'FAILED', cursor: 'x' } as const;
  for (const ask of [listTransactions, listPayments]) {
    const plans = await plansOf(raw, (db) => ask(db, query));
    expect(plans.join('\n')).toContain('idx_transactions_ended (status=? AND agent_id=? AND id>?)');
    expect(plans.filter((plan) => plan.startsWith('SCAN') || plan.includes('TEMP B-TREE'))).toEqual([]);
  }
});

test('of all agents, those that ended otherwise than well are found by that, and all come in order', async () => {
  const plans = async (status: TransactionStatus) =>
    (await plansOf(raw, (db) => listPayments(db, { ...page, status }))).join('\n');
  for (const status of ['FAILED', 'CANCELLED', 'EXPIRED'] as const)
    expect(await plans(status)).toContain('SEARCH transactions USING INDEX idx_transactions_unpaid (status=?)');
  for (const status of ['CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED'] as const)
    expect(await plans(status)).not.toContain('TEMP B-TREE');
});
