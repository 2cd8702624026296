import { nativeAssetId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent, pay } from '../test/payments.ts';
import { plansOf } from '../test/plans.ts';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../test/temporary-storage.ts';
import { shareHeads } from './heads/head-keeper.ts';
import type { Db } from './query-executor.ts';
import { findAgent } from './tables/agents.ts';
import { areSessionsAuthentic } from './tables/session-sets.ts';
import { findSession } from './tables/sessions.ts';
import { spentSince } from './tables/spend-ledger.ts';
import { findByIdempotencyKey, findTransaction } from './tables/transactions.ts';

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

const START = 1_800_000_000;

test('what every payment asks is found by an index, however much there is', async () => {
  const { storage } = temporary;
  const agentId = await createAgent(storage, 1);
  await pay(storage, { agentId, asset: nativeAssetId('solana'), amount: 5n, now: START });
  const questions: readonly ((db: Db) => Promise<unknown>)[] = [
    (db) => findAgent(db, agentId),
    (db) => findSession(db, testId(2)),
    (db) => findTransaction(db, testId(3)),
    (db) => findByIdempotencyKey(db, agentId, 'key'),
    (db) => areSessionsAuthentic(db, testSealer, agentId),
    (db) => spentSince(shareHeads(storage.read, db), testSealer, agentId, nativeAssetId('solana'), START - 1),
  ];
  for (const ask of questions) {
    const plans = await plansOf(raw, ask);
    expect(plans.some((plan) => plan.startsWith('SEARCH'))).toBe(true);
    expect(plans.filter((plan) => plan.startsWith('SCAN') && plan !== 'SCAN CONSTANT ROW')).toEqual([]);
  }
});
