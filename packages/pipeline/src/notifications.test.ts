import { transactionId as brandTransactionId, notificationEventSchema, type TransactionId } from '@waiaas/core';
import { listDueNotifications } from '@waiaas/storage';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ALICE,
  BOB,
  by,
  createWorld,
  OPERATOR,
  type Payer,
  RECIPIENT,
  type World,
  type WorldOptions,
} from '../test/world.ts';

/* What the owner is told of payments: stored with the change itself, by whoever makes it. */

const TIERS = { instant_max: '100', notify_max: '200', delay_max: '1000', delay_seconds: 600, approval_timeout: 3600 };
const [SMALL, TOLD, SLOW, BIG] = [50n, 150n, 900n, 5000n];

let world: World;
let payer: Payer;

const start = async (options: WorldOptions = {}): Promise<void> => {
  world = await createWorld({ ...options, rules: { ...TIERS, ...options.rules } });
  await world.owner.connect(ALICE, OPERATOR);
  payer = await world.createPayer();
};
beforeEach(() => start());
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const events = async () => {
  const rows = await listDueNotifications(world.storage.read, { now: 1e10, limit: 1000, except: [] });
  return rows
    .sort((a, b) => a.seq - b.seq)
    .map(({ payload }) => notificationEventSchema.parse(JSON.parse(payload)))
    .filter((event) => 'payment' in event || event.event === 'SEAL_BROKEN');
};
const names = async () => (await events()).map(({ event }) => event);
const ask = async (amount: bigint, memo?: string): Promise<TransactionId> =>
  brandTransactionId((await world.send(payer, amount, memo === undefined ? {} : { memo })).transactionId);
const paid = async (amount: bigint) => {
  const sending = world.send(payer, amount);
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (
      (await world.pipeline.list(payer.agentId, { order: 'desc', limit: 1 })).transactions[0]?.status === 'CONFIRMED'
    );
  });
  return sending;
};
const untilStatus = (id: TransactionId, wanted: string) =>
  world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (await world.pipeline.get(payer, id)).status === wanted;
  });

test('a small payment that goes well is not told of', async () => {
  await paid(SMALL);
  expect(await names()).toEqual([]);
});

test('one of tier NOTIFY is told of when it is sent, and when it has arrived', async () => {
  const { txHash } = await paid(TOLD);
  expect(await events()).toMatchObject([
    { event: 'TX_NOTIFY', txHash },
    { event: 'TX_CONFIRMED', tier: 'NOTIFY', txHash },
  ]);
});

test('a delayed one says when it will run, and that it has', async () => {
  const id = await ask(SLOW);
  const queued = await world.pipeline.get(payer, id);
  expect(await events()).toMatchObject([{ event: 'TX_DELAY_QUEUED', executesAt: queued.expiresAt }]);
  await world.time.advance(600_000);
  await world.pipeline.runDelayed();
  await untilStatus(id, 'CONFIRMED');
  expect(await names()).toEqual(['TX_DELAY_QUEUED', 'TX_DELAY_EXECUTED']);
});

describe('a request to approve', () => {
  test('says what, how much, to whom and until when, from what was admitted', async () => {
    const id = await ask(BIG, 'for the invoice');
    const queued = await world.pipeline.get(payer, id);
    expect(await events()).toEqual([
      {
        event: 'TX_APPROVAL_REQUEST',
        expiresAt: queued.expiresAt,
        payment: {
          txId: id,
          agentId: payer.agentId,
          chain: 'solana',
          network: 'localnet',
          asset: 'solana:native',
          amount: '5000',
          unit: { symbol: 'SOL', decimals: 9 },
          to: RECIPIENT,
          memo: 'for the invoice',
        },
      },
    ]);
  });

  test('that is granted ends in a confirmation', async () => {
    const id = await ask(BIG);
    await world.pipeline.approve(id, by(ALICE));
    await untilStatus(id, 'CONFIRMED');
    expect(await events()).toMatchObject([
      { event: 'TX_APPROVAL_REQUEST' },
      { event: 'TX_CONFIRMED', tier: 'APPROVAL' },
    ]);
  });

  test('that nobody answers expires, once', async () => {
    await ask(BIG);
    await world.time.advance(3_600_000);
    await world.pipeline.expireApprovals();
    await world.pipeline.expireApprovals();
    expect(await events()).toMatchObject([
      { event: 'TX_APPROVAL_REQUEST' },
      { event: 'TX_APPROVAL_EXPIRED', reason: 'timeout' },
    ]);
  });

  test('that is refused tells who refused it, and why', async () => {
    const id = await ask(BIG);
    await world.pipeline.reject(id, { reason: 'not today' }, by(ALICE));
    expect((await events())[1]).toMatchObject({
      event: 'TX_CANCELLED',
      by: `owner:${ALICE.address}`,
      code: 'OWNER_REJECTED',
      reason: 'not today',
    });
  });

  test('ends with the owner it was made to', async () => {
    await ask(BIG);
    await world.owner.change(BOB, by(ALICE));
    await ask(BIG);
    await world.owner.disconnect(by(BOB));
    expect(await events()).toMatchObject([
      { event: 'TX_APPROVAL_REQUEST' },
      { event: 'TX_APPROVAL_EXPIRED', reason: 'owner_changed' },
      { event: 'TX_APPROVAL_REQUEST' },
      { event: 'TX_APPROVAL_EXPIRED', reason: 'owner_disconnected' },
    ]);
  });
});

test('a payment that fails is told of by its token alone, whatever its tier', async () => {
  await world.stop();
  await world.remove();
  await start({ network: { faults: (call) => (call === 'simulateTransaction' ? 'refused' : undefined) } });
  await expect(world.send(payer, SMALL)).rejects.toThrow();
  expect(await events()).toMatchObject([{ event: 'TX_FAILED', code: 'SIMULATION_FAILED', txHash: null }]);
});

test('a payment that turns up after its end is told of, once', async () => {
  await world.stop();
  await world.remove();
  await start({ network: { faults: (call) => (call === 'submitTransaction' ? 'refused' : undefined) } });
  await expect(world.send(payer, SMALL)).rejects.toThrow();
  const { tx_hash } = await world.storage.read.selectFrom('transactions').select('tx_hash').executeTakeFirstOrThrow();
  // A node that lied: it refused the bytes and passed them on.
  const landed = { from: payer.address, to: RECIPIENT, amount: SMALL, fee: 5000n, lastValidBlockHeight: 2000n };
  world.ledger.accept(tx_hash ?? '', landed, 0);
  await world.time.advance(600_000);
  await world.pipeline.checkLateLandings();
  await world.pipeline.checkLateLandings();
  expect(await events()).toMatchObject([{ event: 'TX_FAILED' }, { event: 'TX_LATE_LANDING', txHash: tx_hash }]);
});

test('a delayed payment that is no longer allowed is told of as cancelled', async () => {
  await ask(SLOW);
  await world.setRules({ ...TIERS, daily_max: '10' });
  await world.time.advance(600_000);
  await world.pipeline.runDelayed();
  expect((await events())[1]).toMatchObject({ event: 'TX_CANCELLED', by: 'system', code: 'DAILY_CAP' });
});

test('a payment that was changed in the database is told of as that, once', async () => {
  const id = await ask(SLOW);
  await world.storage.write(async ({ db }) => {
    await sql.raw('DROP TRIGGER transactions_intent_fixed').execute(db);
    await sql.raw(`UPDATE transactions SET to_address = '${payer.address}'`).execute(db);
  });
  await world.time.advance(600_000);
  await world.pipeline.runDelayed();
  await world.pipeline.runDelayed();
  expect(await events()).toMatchObject([
    { event: 'TX_DELAY_QUEUED' },
    { event: 'SEAL_BROKEN', what: 'transaction', id, agentId: payer.agentId },
  ]);
});

test('a record that nobody can read is told of without a word of what it says', async () => {
  const id = await ask(BIG);
  await world.storage.write(async ({ db }) => {
    await sql.raw('DROP TRIGGER transactions_intent_fixed').execute(db);
    await sql.raw(`UPDATE transactions SET intent = 'garbage'`).execute(db);
  });
  await world.time.advance(3_600_000);
  await world.pipeline.expireApprovals();
  expect((await events())[1]).toEqual({ event: 'SEAL_BROKEN', what: 'transaction', id, agentId: payer.agentId });
});

test('a payment that came due while nobody could stop it is told of again, with its new time', async () => {
  await ask(SLOW);
  await world.stop();
  await world.time.advance(1_200_000);
  world = await createWorld({ folder: world.folder, time: world.time, ledger: world.ledger });
  await world.pipeline.recover();
  const told = await events();
  expect(told).toMatchObject([{ event: 'TX_DELAY_QUEUED' }, { event: 'TX_DELAY_QUEUED' }]);
  const times = told.map((event) => ('executesAt' in event ? Date.parse(event.executesAt) : 0));
  expect(times[1]).toBeGreaterThan(world.time.now());
});

test('trying out leaves nothing to be told', async () => {
  await world.pipeline.dryRun(payer, { to: RECIPIENT, amount: BIG.toString(), type: 'TRANSFER', priority: 'medium' });
  expect(await names()).toEqual([]);
});
