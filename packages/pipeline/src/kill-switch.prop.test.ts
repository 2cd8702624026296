import { transactionId as brandTransactionId, isTerminal, isWaiaasError } from '@waiaas/core';
import { checkSpendLedger } from '@waiaas/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { killSwitchOf } from '../test/kill-switch.ts';
import { ALICE, by, createWorld, OPERATOR, type Payer, type World } from '../test/world.ts';

/* 09 no. 6: the kill switch is a barrier. It is engaged at some moment while many payments are asked for, approved and come
   due: once its answer is there, nothing is signed, and nothing that waited stays. */

interface Race {
  readonly world: World;
  readonly payer: Payer;
  /** Signatures made while the flag said that the kill switch had answered. */
  late: number;
  signatures: number;
  answered: boolean;
  engage(): Promise<void>;
}

async function createRace(): Promise<Race> {
  const race = { late: 0, signatures: 0, answered: false };
  const world = await createWorld({
    rules: { instant_max: '10', notify_max: '20', delay_max: '30', delay_seconds: 60, approval_timeout: 600 },
    settings: { maxPendingTransactions: 1000 },
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      signTransaction: (transaction, sign) =>
        adapter.signTransaction(transaction, async (message) => {
          const signature = await sign(message);
          race.signatures += 1;
          if (race.answered) race.late += 1;
          return signature;
        }),
    }),
  });
  await world.owner.connect(ALICE, OPERATOR);
  const killSwitch = await killSwitchOf(world);
  return Object.assign(race, {
    world,
    payer: await world.createPayer(),
    async engage() {
      await killSwitch.activate('drill', by(ALICE));
      race.answered = true;
    },
  });
}

/** Lets a number of turns of the event loop go by. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('engaged in the middle of', () => {
  test('up to sixty-four payments, approvals and delays that come due, at any moment, it is the end of signatures', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(60), fc.nat(40), fc.constantFrom(4, 8, 16, 64), async (waitTurns, waitMs, load) => {
        const race = await createRace();
        const { world, payer } = race;
        try {
          const waiting = await Promise.all(
            [25n, 25n, 25n, 35n, 35n, 35n].map((amount) => world.send(payer, amount, { waitMs: 0 })),
          );
          await world.time.advance(59_000);
          const work: Promise<unknown>[] = [];
          for (let i = 0; i < load; i++) work.push(world.send(payer, BigInt(1 + (i % 20))));
          for (const { transactionId, tier } of waiting) {
            if (tier === 'APPROVAL') work.push(world.pipeline.approve(brandTransactionId(transactionId), by(ALICE)));
          }
          const ended = Promise.allSettled(work);
          await turns(waitTurns);
          await world.time.advance(waitMs);
          const due = world.time.advance(1000).then(() => world.pipeline.runDelayed());
          const engaged = race.engage();
          await Promise.all([engaged, due.catch(() => undefined)]);
          const before = race.signatures;
          await world.time.runUntil(() => false, 50).catch(() => undefined);
          for (let i = 0; i < 20; i++) {
            await world.pipeline.runDelayed();
            await world.time.advance(10_000);
            world.ledger.advance(1);
          }
          const outcomes = await ended;
          for (const outcome of outcomes)
            if (outcome.status === 'rejected') expect(isWaiaasError(outcome.reason), String(outcome.reason)).toBe(true);
          expect([race.late, race.signatures]).toEqual([0, before]);
          // Every row tells the truth: ended, or signed before and followed.
          const rows = await world.storage.read.selectFrom('transactions').selectAll().execute();
          for (const row of rows) {
            if (!isTerminal(row.status)) expect([row.status, row.tx_hash !== null]).toEqual(['SUBMITTED', true]);
          }
          expect(world.ledger.accepted.size).toBeLessThanOrEqual(race.signatures);
          expect(await checkSpendLedger(world.storage.read)).toEqual([]);
          await expect(world.send(payer, 1n)).rejects.toMatchObject({ code: expect.stringMatching(/LOCKED$/) });
        } finally {
          await world.stop();
          await world.remove();
        }
      }),
      { numRuns: 14 },
    );
  }, 240_000);
});
