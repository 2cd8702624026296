import { transactionId as brandTransactionId, CLOCK_GAP_MS, isoFromSeconds, type TransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createWorld, OPERATOR, type Payer, type World } from '../test/world.ts';

/* A delay is time to say no: what the clock skips while nobody can is no part of it, in one piece or in many (04 §19, §20). */

const LIMITS = { instant_max: '100', notify_max: '100', delay_max: '1000' };
const MINUTE = 60_000;

let world: World;
let payer: Payer;
const open = async (delaySeconds: number): Promise<void> => {
  world = await createWorld({ rules: { ...LIMITS, delay_seconds: delaySeconds } });
  payer = await world.createPayer();
};
const close = async (): Promise<void> => {
  await world.stop();
  await world.remove();
};

const ask = async (): Promise<TransactionId> => {
  const { transactionId } = await world.send(payer, 900n, { waitMs: 1 });
  return brandTransactionId(transactionId);
};
const row = async (id: TransactionId) => {
  const found = await findTransaction(world.storage.read, id);
  if (found === undefined) throw new Error('It was stored');
  return found;
};
const waits = async (id: TransactionId): Promise<boolean> => (await row(id)).status === 'QUEUED';

/** The lid is closed, or the clock set forward: it goes on, and nothing else does. */
const skip = (ms: number): void => world.time.jumpTo(world.time.now() + ms);
const pass = (ms: number): Promise<void> => world.time.advance(ms);

describe('a delayed payment', () => {
  afterEach(close);

  test('waits a minute after one step of the clock that is just shorter', async () => {
    await open(60);
    const id = await ask();
    await pass(1000);
    skip(59_500);
    await world.pipeline.runDelayed();
    expect(await waits(id)).toBe(true);
    await pass(59_000);
    await world.pipeline.runDelayed();
    expect(await waits(id)).toBe(true);
    await pass(1500);
    await world.pipeline.runDelayed();
    expect(await waits(id)).toBe(false);
  });

  test('is not carried out by a machine that is awake for a second between naps of a minute', async () => {
    await open(900);
    const id = await ask();
    for (let nap = 0; nap < 20; nap += 1) {
      await pass(1000);
      skip(59_900);
      await world.pipeline.runDelayed();
    }
    expect(await waits(id)).toBe(true);
    await pass(61_000);
    await world.pipeline.runDelayed();
    expect(await waits(id)).toBe(false);
  });

  test('waits all of its delay, asked for at the end of a second as well; what it says is what is stored', async () => {
    await open(60);
    await pass(999 - (world.time.now() % 1000));
    const at = world.time.now();
    const { transactionId, ...told } = await world.send(payer, 900n, { waitMs: 1 });
    const id = brandTransactionId(transactionId);
    const due = (await row(id)).execute_after ?? 0;
    expect(due * 1000).toBeGreaterThanOrEqual(at + MINUTE);
    expect(due * 1000).toBeLessThan(at + MINUTE + 1000);
    const outbox = await world.storage.read.selectFrom('notification_outbox').select('payload').execute();
    const audit = await world.storage.read.selectFrom('audit_log').select('details').execute();
    for (const texts of [outbox.map(({ payload }) => payload), audit.map(({ details }) => details)]) {
      expect(texts.filter((text) => text?.includes(isoFromSeconds(due)))).toHaveLength(1);
    }
    expect(JSON.stringify(told)).toContain(isoFromSeconds(due));
    await pass(59_999);
    await world.pipeline.runDelayed();
    expect(await waits(id)).toBe(true);
    await pass(2);
    await world.pipeline.runDelayed();
    expect(await waits(id)).toBe(false);
  });
});

test('property: has been waiting, with everybody awake, for its delay or a minute less 5 s, whatever the clock does', async () => {
  const move = fc.record({
    awake: fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 40_000 })),
    skipped: fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 6000 }), fc.integer({ min: -60_000, max: 120_000 })),
  });
  const asked = fc.record({
    before: fc.integer({ min: 0, max: 999 }),
    delay: fc.oneof(fc.constant(60), fc.integer({ min: 60, max: 180 }), fc.integer({ min: 60, max: 3600 })),
    moves: fc.array(move, { minLength: 5, maxLength: 40 }),
  });
  await open(60);
  let carriedOut = 0;
  try {
    await fc.assert(
      fc.asyncProperty(asked, async ({ before, delay, moves }) => {
        await world.setRules({ ...LIMITS, delay_seconds: delay });
        await pass(before);
        const id = await ask();
        const queued = world.time.passed();
        for (const { awake, skipped } of moves) {
          await pass(awake);
          skip(skipped);
          await world.pipeline.runDelayed();
          if (await waits(id)) continue;
          carriedOut += 1;
          const least = Math.min(delay * 1000, MINUTE) - CLOCK_GAP_MS;
          // A thousandth is what a clock may be fast without that counting.
          expect((world.time.passed() - queued) * 1.001).toBeGreaterThanOrEqual(least);
          return;
        }
        await world.pipeline.reject(id, {}, OPERATOR);
      }),
      { numRuns: 300 },
    );
  } finally {
    await close();
  }
  expect(carriedOut).toBeGreaterThan(40);
});
