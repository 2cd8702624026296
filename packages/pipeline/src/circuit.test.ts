import { ChainError, DECLINED, isWaiaasError, transactionId } from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALICE, bodyOf, by, createWorld, OPERATOR, type Payer, type World } from '../test/world.ts';

/* A network that fails again and again is left alone by payments that have not begun, and by no others (08 §2.6.1). */

let world: World;
let payer: Payer;
/** What the node does: at which call it fails. */
let ill: 'no' | 'before' | 'at submission' | 'no, it refuses' | 'no, it declines';

const down = (mayHaveLanded: boolean) =>
  new ChainError({ code: 'NETWORK_ERROR', chain: 'solana', message: 'The connection was reset', mayHaveLanded });

beforeEach(async () => {
  ill = 'no';
  world = await createWorld({
    rules: { instant_max: '10', notify_max: '20', delay_max: '30', delay_seconds: 60, approval_timeout: 3600 },
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      async buildTransaction(request) {
        if (ill === 'before') throw down(false);
        if (ill === 'no, it refuses')
          throw new ChainError({ code: 'INSUFFICIENT_BALANCE', chain: 'solana', message: 'Too little' });
        return adapter.buildTransaction(request);
      },
      async submitTransaction(transaction, mayGoOn) {
        if (ill === 'at submission') throw down(true);
        if (ill === 'no, it declines') {
          const details = { reason: DECLINED };
          throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'No', details, mayHaveLanded: true });
        }
        return adapter.submitTransaction(transaction, mayGoOn);
      },
    }),
  });
  await world.owner.connect(ALICE, OPERATOR);
  payer = await world.createPayer();
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

async function settle<T>(promise: Promise<T>): Promise<T | string> {
  let done = false;
  const watched = promise
    .catch((error: unknown) => (isWaiaasError(error) ? error.code : String(error)))
    .finally(() => {
      done = true;
    });
  await world.time.runUntil(() => done);
  return watched;
}
const pay = (amount = 1n) => settle(world.send(payer, amount));
const payments = async (): Promise<number> =>
  (await world.storage.read.selectFrom('transactions').select('id').execute()).length;
const statusOf = async (id: string): Promise<string> =>
  (await world.storage.read.selectFrom('transactions').select('status').where('id', '=', id).executeTakeFirstOrThrow())
    .status;

test('after five failures payments are refused without a trace; ten minutes later three of them try it again', async () => {
  ill = 'before';
  for (let i = 0; i < 5; i++) expect(await pay()).toBe('CHAIN_ERROR');
  ill = 'no';
  expect([await pay(), await payments()]).toEqual(['CIRCUIT_OPEN', 5]);
  await expect(world.pipeline.dryRun(payer, bodyOf({ amount: 1n }))).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  await world.time.advance(600_000);
  for (let i = 0; i < 4; i++) expect(await pay()).toMatchObject({ status: 'CONFIRMED' });
  expect(world.pipeline.circuits()).toEqual([{ chain: 'solana', network: 'localnet', state: 'CLOSED' }]);
});

test('what the chain refuses, or the rules do, is no failure of the network', async () => {
  ill = 'no, it refuses';
  for (let i = 0; i < 7; i++) expect(await pay()).toBe('INSUFFICIENT_BALANCE');
  ill = 'no';
  for (let i = 0; i < 7; i++) expect(await settle(world.send(payer, 1n, { to: 'nobody' }))).toBe('INVALID_ADDRESS');
  expect(await pay()).toMatchObject({ status: 'CONFIRMED' });
});

test('delayed payments wait until it is used again, the owner is told to come back, nothing ends', async () => {
  const delayed = await world.send(payer, 25n, { waitMs: 0 });
  const waiting = await world.send(payer, 35n, { waitMs: 0 });
  await world.time.advance(59_000);
  ill = 'before';
  for (let i = 0; i < 5; i++) await pay();
  await world.time.advance(61_000);
  await world.pipeline.runDelayed();
  await expect(world.pipeline.approve(transactionId(waiting.transactionId), by(ALICE))).rejects.toMatchObject({
    code: 'CIRCUIT_OPEN',
  });
  expect([await statusOf(delayed.transactionId), await statusOf(waiting.transactionId)]).toEqual(['QUEUED', 'QUEUED']);
  ill = 'no';
  await world.time.advance(600_000);
  await world.pipeline.runDelayed();
  await world.pipeline.approve(transactionId(waiting.transactionId), by(ALICE));
  for (let i = 0; i < 10; i++) {
    world.ledger.advance(10);
    await world.time.advance(5000);
  }
  expect([await statusOf(delayed.transactionId), await statusOf(waiting.transactionId)]).toEqual([
    'CONFIRMED',
    'CONFIRMED',
  ]);
});

test('what may have been sent is followed all the same', async () => {
  ill = 'at submission';
  const sending = Promise.all(Array.from({ length: 5 }, () => world.send(payer, 1n, { waitMs: 1000 })));
  await world.time.advance(5000);
  const sent = await sending;
  expect(await pay()).toBe('CIRCUIT_OPEN');
  ill = 'no';
  await world.time.advance(120_000);
  for (const { transactionId: id } of sent) expect(await statusOf(id)).toBe('CONFIRMED');
});

test('nor is it a failure of the network that nodes decline a transaction, of which nobody says that it failed', async () => {
  ill = 'no, it declines';
  const sending = Promise.all(Array.from({ length: 7 }, () => world.send(payer, 1n, { waitMs: 1000 })));
  await world.time.advance(5000);
  const sent = await sending;
  for (const { transactionId: id } of sent) expect(await statusOf(id)).toBe('SUBMITTED');
  ill = 'no';
  expect(await pay()).toMatchObject({ status: 'CONFIRMED' });
  await world.time.advance(120_000);
  for (const { transactionId: id } of sent) expect(await statusOf(id)).toBe('CONFIRMED');
});

test('and no agent is suspended for it', async () => {
  ill = 'before';
  for (let i = 0; i < 5; i++) await pay();
  const agents = await world.storage.read.selectFrom('agents').select('status').execute();
  expect(agents).toEqual([{ status: 'ACTIVE' }]);
});
