import { transactionId as brandTransactionId, type TransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import { afterEach, expect, test } from 'vitest';
import { createWorld, type Payer, type World } from '../test/world.ts';

const LIMITS = { instant_max: '100', notify_max: '100', delay_max: '1000', delay_seconds: 60, approval_timeout: 300 };

let world: World;
let payer: Payer;
afterEach(() => world.remove());

async function ask(amount: bigint): Promise<TransactionId> {
  let id: string | undefined;
  void world.send(payer, amount, { waitMs: 1 }).then(({ transactionId }) => {
    id = transactionId;
  });
  await world.time.runUntil(() => id !== undefined);
  return brandTransactionId(id ?? '');
}
const rowOf = async (id: TransactionId) => await findTransaction(world.storage.read, id);

/** Lets a promise come to its end, however much virtual time that takes. */
async function settle(work: Promise<unknown>): Promise<void> {
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  await world.time.runUntil(() => isOver);
}

test('a stop in the middle of a round leaves the delayed payments that were not begun to the next start', async () => {
  let built = 0;
  let stopped: Promise<void> | undefined;
  world = await createWorld({
    rules: LIMITS,
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      buildTransaction(request) {
        built += 1;
        stopped ??= world.pipeline.stop(5000);
        return adapter.buildTransaction(request);
      },
    }),
  });
  payer = await world.createPayer();
  const due: TransactionId[] = [];
  for (let index = 0; index < 8; index += 1) due.push(await ask(500n));
  await world.time.advance(60_000);
  await settle(world.pipeline.runDelayed());
  await settle(stopped ?? Promise.reject(new Error('nothing was begun')));
  const statuses = await Promise.all(due.map(async (id) => (await rowOf(id))?.status));
  expect(built).toBeLessThan(5);
  expect(new Set(statuses)).toEqual(new Set(['SUBMITTED', 'QUEUED']));
  expect(statuses.filter((status) => status === 'SUBMITTED')).toHaveLength(built);
});

test('what outlives the grace of a stop ends by the restart, not by a kill switch that nobody engaged', async () => {
  const answer = Promise.withResolvers<void>();
  world = await createWorld({
    rules: LIMITS,
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      async buildTransaction(request) {
        await answer.promise;
        return adapter.buildTransaction(request);
      },
    }),
  });
  payer = await world.createPayer();
  const slow = await ask(50n);
  expect((await rowOf(slow))?.status).toBe('EXECUTING');
  const begun = world.time.passed();
  await settle(world.pipeline.stop(5000));
  expect(world.time.passed() - begun).toBeLessThan(7000);
  world.keystoreParts.gate.close();
  answer.resolve();
  await world.time.advance(1000);
  const row = await rowOf(slow);
  expect([row?.status, row?.error, row?.tx_hash]).toEqual(['FAILED', 'DAEMON_RESTARTED', null]);
  expect(world.ledger.accepted.size).toBe(0);
});
