import { type AssetId, agentId, assetId, nativeAssetId, transactionId } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newTransaction } from '../../test/new-transaction.ts';
import { openTemporaryStorage, type TemporaryStorage, testId, testSealer } from '../../test/temporary-storage.ts';
import { insertAgent } from './agents.ts';
import { appendSpend, checkSpendLedger, spentSince } from './spend-ledger.ts';
import { type AuthenticTransaction, insertPending, recordBroadcast, transition } from './transaction-states.ts';

let temporary: TemporaryStorage;
const SOL = nativeAssetId('solana');
const TOKEN = assetId('solana:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');

beforeEach(() => {
  temporary = openTemporaryStorage();
});
afterEach(() => temporary.remove());

const write = <T>(unit: Parameters<TemporaryStorage['storage']['write']>[0]) =>
  temporary.storage.write(unit) as Promise<T>;

async function createAgent(number: number): Promise<ReturnType<typeof agentId>> {
  const id = agentId(testId(number));
  await write(({ db }) =>
    insertAgent(db, {
      id,
      name: 'a',
      chain: 'solana',
      network: 'localnet',
      public_key: `key ${number}`,
      status: 'ACTIVE',
      owner_address: null,
      created_at: 1,
      updated_at: 1,
      suspended_at: null,
      suspension_reason: null,
    }),
  );
  return id;
}

let next = 1000;
async function settle(agent: ReturnType<typeof agentId>, asset: AssetId, amount: bigint, now: number): Promise<void> {
  const id = transactionId(testId(next++));
  await write(async ({ db }) => {
    const pending = newTransaction(id, { agentId: agent, asset, amount, now });
    let row: AuthenticTransaction | null = await insertPending(db, testSealer, pending);
    const steps: readonly ((before: AuthenticTransaction) => Promise<AuthenticTransaction | null>)[] = [
      (before) => transition(db, testSealer, before, 'QUEUED', { tier: 'INSTANT', reserved_amount: before.amount }),
      (before) => transition(db, testSealer, before, 'EXECUTING'),
      (before) =>
        recordBroadcast(db, testSealer, before, { txHash: id, lastValidBlockHeight: 1n, signedTx: new Uint8Array(1) }),
      (before) => transition(db, testSealer, before, 'SUBMITTED'),
      (before) =>
        transition(db, testSealer, before, 'CONFIRMED', { reserved_amount: null, signed_tx: null, executed_at: now }),
    ];
    for (const step of steps) row = row === null ? null : await step(row);
    await appendSpend(db, { agentId: agent, asset, txId: id, amount, now });
  });
}

test('any window equals the plain sum of what settled in it, for every agent and asset, at any size', async () => {
  const agents = [await createAgent(1), await createAgent(2)] as const;
  const spend = fc.record({
    agent: fc.constantFrom(0 as const, 1 as const),
    asset: fc.constantFrom(SOL, TOKEN),
    amount: fc.bigInt({ min: 1n, max: 2n ** 70n }),
    step: fc.integer({ min: -50, max: 200 }),
  });
  const settled: { agent: 0 | 1; asset: AssetId; amount: bigint; at: number }[] = [];
  let now = 1_800_000_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(spend, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 0, max: 2000 })),
      async (spends, windows) => {
        for (const { agent, asset, amount, step } of spends) {
          now += step;
          await settle(agents[agent], asset, amount, now);
          // A clock that was set back moves no spend before the one that came before it.
          const last = settled.filter((row) => row.agent === agent && row.asset === asset).at(-1)?.at ?? 0;
          settled.push({ agent, asset, amount, at: Math.max(now, last) });
        }
        for (const back of [0, 1, ...windows]) {
          for (const agent of [0, 1] as const) {
            for (const asset of [SOL, TOKEN]) {
              const expected = settled
                .filter((row) => row.agent === agent && row.asset === asset && row.at > now - back)
                .reduce((sum, row) => sum + row.amount, 0n);
              expect(await spentSince(temporary.storage.read, agents[agent], asset, now - back)).toBe(expected);
            }
          }
        }
      },
    ),
    { numRuns: 40 },
  );
  expect(await checkSpendLedger(temporary.storage.read)).toEqual([]);
});

test('the check finds an edited amount, an edited total, a moved time and a removed row', async () => {
  const agent = await createAgent(1);
  for (let index = 0; index < 4; index++) await settle(agent, SOL, 10n, 1_800_000_000 + index);
  const db = new BetterSqlite3(temporary.path);
  db.exec('DROP TRIGGER spend_ledger_no_update; DROP TRIGGER spend_ledger_no_delete');
  for (const edit of [
    `UPDATE spend_ledger SET amount = '1' WHERE seq = 2`,
    `UPDATE spend_ledger SET cumulative = '11' WHERE seq = 2`,
    'UPDATE spend_ledger SET settled_at = 5 WHERE seq = 3',
    'DELETE FROM spend_ledger WHERE seq = 4',
    'DELETE FROM spend_ledger WHERE seq = 2',
  ]) {
    const before = db.prepare('SELECT * FROM spend_ledger').all() as Record<string, unknown>[];
    db.exec(edit);
    expect(await checkSpendLedger(temporary.storage.read), edit).not.toEqual([]);
    db.exec('DELETE FROM spend_ledger');
    const insert = db.prepare(
      'INSERT INTO spend_ledger VALUES (@seq, @agent_id, @asset, @settled_at, @tx_id, @amount, @cumulative)',
    );
    for (const row of before) insert.run(row);
    expect(await checkSpendLedger(temporary.storage.read)).toEqual([]);
  }
  db.close();
});
