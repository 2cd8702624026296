import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  transactionId as brandTransactionId,
  isWaiaasError,
  notificationEventSchema,
  type TransactionId,
} from '@waiaas/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alter } from '../test/hands-in-the-file.ts';
import { ALICE, by, createWorld, OPERATOR, type Payer, type World } from '../test/world.ts';

/* Two or three hands reach for a payment in the very second that decides about it: one has it, and the log tells of one. */

const LIMITS = { instant_max: '100', notify_max: '100', delay_max: '1000', delay_seconds: 60, approval_timeout: 300 };

let world: World;
let payer: Payer;
beforeEach(async () => {
  world = await createWorld({ rules: LIMITS, settings: { maxPendingTransactions: 1000 } });
  payer = await world.createPayer();
  await world.owner.connect(ALICE, OPERATOR);
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

/** Over so many turns of the event loop the hands are spread. */
const TURNS = 24;

/** A generator of numbers below a bound, the same in every run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Asks for payments that wait. */
async function ask(amount: bigint, count: number): Promise<readonly TransactionId[]> {
  const ids: TransactionId[] = [];
  for (let index = 0; index < count; index++) {
    void world
      .send(payer, amount, { waitMs: 1 })
      .then(({ transactionId }) => ids.push(brandTransactionId(transactionId)));
  }
  await world.time.runUntil(() => ids.length === count);
  return ids;
}

/** Starts something a few turns of the event loop from now, between other commits; answers what became of it. */
async function after(turns: number, work: () => Promise<unknown>): Promise<string> {
  for (let turn = 0; turn < turns; turn++) await nextTurn();
  try {
    await work();
    return 'done';
  } catch (error) {
    if (isWaiaasError(error)) return error.code;
    throw error;
  }
}

async function endsOf(
  ids: readonly TransactionId[],
  events: readonly string[],
): Promise<ReadonlyMap<string, string[]>> {
  const rows = await world.storage.read.selectFrom('audit_log').select(['tx_id', 'event_type']).execute();
  const ends = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { tx_id, event_type } of rows) if (events.includes(event_type)) ends.get(tx_id ?? '')?.push(event_type);
  return ends;
}

/** What the owner is told of payments, but for the request itself. */
async function toldOf(): Promise<ReadonlyMap<string, string[]>> {
  const rows = await world.storage.read.selectFrom('notification_outbox').select('payload').orderBy('seq').execute();
  const told = new Map<string, string[]>();
  for (const { payload } of rows) {
    const message = notificationEventSchema.parse(JSON.parse(payload));
    if (!('payment' in message) || message.event === 'TX_APPROVAL_REQUEST' || message.event === 'TX_DELAY_QUEUED')
      continue;
    const { txId } = message.payment;
    told.set(txId, [...(told.get(txId) ?? []), message.event]);
  }
  return told;
}

const statusOf = async (): Promise<ReadonlyMap<string, string>> =>
  new Map(
    (await world.storage.read.selectFrom('transactions').select(['id', 'status']).execute()).map((row) => [
      row.id,
      row.status,
    ]),
  );

test('of approval, rejection and deadline in one second, a thousand times, one wins and its end alone is told', async () => {
  const roll = dice(8);
  const winners = new Map<string, number>();
  const winnerOf = new Map<string, string>();
  for (let round = 0; round < 10; round++) {
    const ids = await ask(5000n, 100);
    await world.time.advance(299_000);
    const outcomes = ids.map(async (id) => [
      await Promise.all([
        after(roll(TURNS), () => world.pipeline.approve(id, by(ALICE))),
        after(roll(TURNS), () => world.pipeline.reject(id, {}, OPERATOR)),
      ]),
    ]);
    const deadline = Promise.all(
      Array.from({ length: 4 }, () =>
        after(roll(TURNS), async () => {
          world.time.jumpTo(world.time.now() + 400);
          await world.pipeline.expireApprovals();
        }),
      ),
    );
    const found = await Promise.all(outcomes);
    await deadline;
    await world.pipeline.expireApprovals();
    const ends = await endsOf(ids, ['TX_APPROVED', 'TX_CANCELLED', 'TX_FAILED']);
    for (const [index, id] of ids.entries()) {
      const [[approved, rejected] = []] = found[index] ?? [];
      const told = ends.get(id) ?? [];
      expect(told, id).toHaveLength(1);
      const [winner = ''] = told;
      winners.set(winner, (winners.get(winner) ?? 0) + 1);
      winnerOf.set(id, winner);
      expect(approved === 'done').toBe(winner === 'TX_APPROVED');
      expect(rejected === 'done').toBe(winner === 'TX_CANCELLED');
      for (const loser of [approved, rejected]) {
        expect(['done', 'TX_ALREADY_PROCESSED', 'TX_EXPIRED']).toContain(loser);
      }
    }
    await world.time.advance(10_000);
  }
  expect([...winners.keys()].toSorted()).toEqual(['TX_APPROVED', 'TX_CANCELLED', 'TX_FAILED']);
  expect([...winners.values()].reduce((sum, count) => sum + count, 0)).toBe(1000);
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    const statuses = [...(await statusOf()).values()];
    return !statuses.includes('EXECUTING') && !statuses.includes('SUBMITTED');
  });
  expect(world.ledger.accepted.size).toBe(winners.get('TX_APPROVED'));
  const families: Readonly<Record<string, string>> = {
    TX_APPROVED: 'TX_CONFIRMED',
    TX_CANCELLED: 'TX_CANCELLED',
    TX_FAILED: 'TX_APPROVAL_EXPIRED',
  };
  const told = await toldOf();
  for (const [id, winner] of winnerOf) expect(told.get(id), id).toEqual([families[winner]]);
}, 120_000);

test('of a veto and the worker at the time of a delayed payment, one wins: rejected and unpaid, or paid', async () => {
  const roll = dice(10);
  const ids = await ask(500n, 100);
  await world.time.advance(60_000);
  const rejections = ids.map((id) => after(roll(TURNS), () => world.pipeline.reject(id, {}, OPERATOR)));
  const workers = Array.from({ length: 3 }, () => after(roll(TURNS), () => world.pipeline.runDelayed()));
  const outcomes = await Promise.all(rejections);
  await Promise.all(workers);
  await world.pipeline.runDelayed();
  await world.time.advance(10_000);
  const ends = await endsOf(ids, ['TX_CLAIMED', 'TX_CANCELLED']);
  const statuses = await statusOf();
  for (const [index, id] of ids.entries()) {
    const rejected = outcomes[index] === 'done';
    if (!rejected) expect(outcomes[index]).toBe('TX_ALREADY_PROCESSED');
    expect(ends.get(id)).toEqual([rejected ? 'TX_CANCELLED' : 'TX_CLAIMED']);
    expect(statuses.get(id)).toBe(rejected ? 'CANCELLED' : 'CONFIRMED');
  }
  const told = await toldOf();
  for (const id of ids) {
    expect(told.get(id)).toEqual([statuses.get(id) === 'CANCELLED' ? 'TX_CANCELLED' : 'TX_DELAY_EXECUTED']);
  }
  const paid = outcomes.filter((outcome) => outcome !== 'done').length;
  expect(world.ledger.accepted.size).toBe(paid);
  expect([paid > 0, paid < 100]).toEqual([true, true]);
});

test('a hundred due payments that cannot be carried out do not keep the next one waiting', async () => {
  const changed = await ask(500n, 101);
  await alter(world, "UPDATE transactions SET to_address = 'Mallory'");
  await world.time.advance(1000);
  const [sound = ''] = await ask(500n, 1);
  await world.time.advance(60_000);
  await world.pipeline.runDelayed();
  await world.time.advance(10_000);
  const statuses = await statusOf();
  expect(statuses.get(sound)).toBe('CONFIRMED');
  for (const id of changed) expect(statuses.get(id)).toBe('QUEUED');
  expect(world.ledger.accepted.size).toBe(1);
});
