import { isTerminal, isWaiaasError } from '@waiaas/core';
import { createFakeLedger, createVirtualTime, type FaultPlan, noFaults } from '@waiaas/fake-chain';
import { checkSpendLedger } from '@waiaas/storage';
import { describe, expect, test } from 'vitest';
import { createGuillotine } from '../test/boundaries.ts';
import { createWorld, type Payer, RECIPIENT, type World } from '../test/world.ts';

/*
 * Promise 2: one intent, at most one landed transaction, across a kill at every boundary. The boundaries are not listed
 * here; they are counted in a run that is not killed.
 */

const AMOUNT = 5n;

interface Chain {
  readonly name: string;
  readonly landsAfter: number;
  readonly faults: () => FaultPlan;
}

const once = (fault: ReturnType<FaultPlan>, on: string): FaultPlan => {
  let done = false;
  return (call) => {
    if (done || call !== on) return undefined;
    done = true;
    return fault;
  };
};

const CHAINS: readonly Chain[] = [
  { name: 'a ledger that lands at once', landsAfter: 0, faults: () => noFaults },
  { name: 'a ledger that lands late', landsAfter: 40, faults: () => noFaults },
  { name: 'a node that loses the first answer', landsAfter: 1, faults: () => once('lost-answer', 'submitTransaction') },
  {
    name: 'a node that drops the first transaction',
    landsAfter: 1,
    faults: () => once('dropped', 'submitTransaction'),
  },
];

/** Lets time pass for the program and the chain until every row has ended. */
async function settleAll(world: World): Promise<void> {
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    const rows = await world.storage.read.selectFrom('transactions').select(['status', 'tier']).execute();
    return rows.every(
      ({ status, tier }) => isTerminal(status) || (status === 'QUEUED' && (tier === 'DELAY' || tier === 'APPROVAL')),
    );
  });
}

/** What must hold whenever everything has come to rest. */
async function checkTruth(world: World, payer: Payer): Promise<void> {
  const { storage, ledger } = world;
  const rows = await storage.read.selectFrom('transactions').selectAll().execute();
  const landed = [...ledger.accepted.keys()].filter((hash) => ledger.landing(hash)?.error === null);
  // No hash on the ledger that no row knows of, and no row with more than one.
  for (const hash of ledger.accepted.keys()) expect(rows.map((row) => row.tx_hash)).toContain(hash);
  for (const row of rows) {
    const onLedger = row.tx_hash !== null && landed.includes(row.tx_hash);
    expect(row.status === 'CONFIRMED', `${row.status} ${row.error}`).toBe(onLedger);
    if (isTerminal(row.status)) expect(row.reserved_amount).toBeNull();
  }
  const paid = rows.filter((row) => row.status === 'CONFIRMED').reduce((sum, row) => sum + BigInt(row.amount), 0n);
  expect(ledger.balanceOf(RECIPIENT)).toBe(paid);
  expect(await checkSpendLedger(storage.read)).toEqual([]);
  const session = await storage.read
    .selectFrom('sessions')
    .select('usage_stats')
    .where('id', '=', payer.sessionId)
    .executeTakeFirstOrThrow();
  expect(JSON.parse(session.usage_stats)).toMatchObject({ totalAmount: paid.toString() });
}

describe.each(CHAINS)('$name', ({ landsAfter, faults }) => {
  const rules = { instant_max: '4', notify_max: '10', delay_max: '20' };
  const network = () => ({ landsAfter, faults: faults(), lifetime: 60 });

  async function countBoundaries(): Promise<number> {
    const guillotine = createGuillotine();
    const world = await createWorld({ rules, network: network(), ...guillotine });
    const payer = await world.createPayer();
    guillotine.arm(Number.POSITIVE_INFINITY);
    let done = false;
    const payment = world.send(payer, AMOUNT, { idempotencyKey: 'the one' }).finally(() => {
      done = true;
    });
    payment.catch(() => undefined);
    await world.time.runUntil(() => {
      world.ledger.advance(1);
      return done;
    });
    await settleAll(world);
    const count = guillotine.passed;
    await world.stop();
    await world.remove();
    return count;
  }

  test('killed at any boundary, and repeated by the client after the restart, a payment is made at most once', async () => {
    const boundaries = await countBoundaries();
    expect(boundaries).toBeGreaterThan(12);
    for (let at = 1; at <= boundaries; at++) {
      const guillotine = createGuillotine();
      const ledger = createFakeLedger();
      const time = createVirtualTime();
      const first = await createWorld({ rules, ledger, time, network: network(), ...guillotine });
      const payer = await first.createPayer();
      const queued = await first.send(payer, 15n);
      expect(queued.status).toBe('QUEUED');
      guillotine.arm(at);
      first.send(payer, AMOUNT, { idempotencyKey: 'the one' }).catch(() => undefined);
      await time.runUntil(() => {
        ledger.advance(1);
        return guillotine.fallen;
      });
      await first.kill();

      const second = await createWorld({ folder: first.folder, ledger, time, network: { landsAfter, lifetime: 60 } });
      await second.pipeline.recover();
      let answer: unknown;
      const repeated = second
        .send(payer, AMOUNT, { idempotencyKey: 'the one' })
        .catch((error: unknown) => error)
        .then((end) => {
          answer = end;
        });
      await time.runUntil(() => {
        ledger.advance(1);
        return answer !== undefined;
      });
      await repeated;
      await settleAll(second);
      await checkTruth(second, payer);
      const rows = await second.storage.read
        .selectFrom('transactions')
        .selectAll()
        .where('idempotency_key', '=', 'the one')
        .execute();
      expect(rows, `killed at boundary ${at}`).toHaveLength(1);
      expect(ledger.accepted.size).toBeLessThanOrEqual(1);
      // The client was told the truth: confirmed, still under way, or refused and not paid.
      if (isWaiaasError(answer)) expect(rows[0]?.status).not.toBe('CONFIRMED');
      // What waited for the owner waits on, untouched.
      const waiting = await second.storage.read
        .selectFrom('transactions')
        .selectAll()
        .where('id', '=', queued.transactionId)
        .executeTakeFirst();
      expect(waiting).toMatchObject({ status: 'QUEUED', tier: 'DELAY', tx_hash: null, reserved_amount: '15' });
      await second.stop();
      await second.remove();
    }
  }, 600_000);
});

test('a second kill during the recovery changes nothing', async () => {
  const ledger = createFakeLedger();
  const time = createVirtualTime();
  const guillotine = createGuillotine();
  const first = await createWorld({ ledger, time, network: { landsAfter: 30 }, ...guillotine });
  const payer = await first.createPayer();
  guillotine.arm(Number.POSITIVE_INFINITY);
  first.send(payer, AMOUNT, { idempotencyKey: 'k' }).catch(() => undefined);
  await time.runUntil(() => ledger.accepted.size === 1);
  guillotine.arm(1);
  await time.runUntil(() => guillotine.fallen);
  await first.kill();
  for (let at = 1; at <= 4; at++) {
    const again = createGuillotine();
    const world = await createWorld({ folder: first.folder, ledger, time, network: { landsAfter: 30 }, ...again });
    again.arm(at);
    world.pipeline.recover().catch(() => undefined);
    await Promise.race([again.fell, time.runUntil(() => again.fallen, 200).catch(() => undefined)]);
    await world.kill();
  }
  const last = await createWorld({ folder: first.folder, ledger, time });
  await last.pipeline.recover();
  await settleAll(last);
  await checkTruth(last, payer);
  expect(ledger.accepted.size).toBe(1);
  await last.stop();
  await last.remove();
});
