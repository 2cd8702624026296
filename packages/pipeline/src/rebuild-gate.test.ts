import { transactionId as brandTransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorld, type Payer, RECIPIENT, type TokenAdapter, type World } from '../test/world.ts';

/*
 * What was signed may land for as long as the chain lets it, whatever the clock says: no second transaction takes its place
 * before the chain has proven that it cannot (02 §15, §22 no. 4).
 */

const HOUR_MS = 3_600_000;
const AMOUNT = 5n;
const KEY = { idempotencyKey: 'the one payment', waitMs: 0 };

let world: World;
let payer: Payer;
let signatures: number;

const decorateAdapter = (adapter: TokenAdapter): TokenAdapter => ({
  ...adapter,
  isConnected: () => adapter.isConnected(),
  signTransaction: (transaction, sign) =>
    adapter.signTransaction(transaction, (message) => {
      signatures += 1;
      return sign(message);
    }),
});
/** It lands five blocks after it was taken, if at all, and can no later than in the fortieth. */
const network = { landsAfter: 5, lifetime: 40 };

beforeEach(async () => {
  signatures = 0;
  world = await createWorld({ network, decorateAdapter });
  payer = await world.createPayer();
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const found = async (id: string) => findTransaction(world.storage.read, brandTransactionId(id));
/** Asks for the payment, again and again the same one. Answers its id once it was taken. */
async function ask(): Promise<string> {
  let answered = false;
  const asked = world.send(payer, AMOUNT, KEY).finally(() => {
    answered = true;
  });
  await world.time.runUntil(() => answered && world.ledger.accepted.size === 1);
  return (await asked).transactionId;
}

test('hours later, on a chain that stands still, it is the same transaction, still under way', async () => {
  const id = await ask();
  await world.time.advance(3 * HOUR_MS);
  await world.pipeline.sweep();
  await world.pipeline.checkLateLandings();
  expect(await found(id)).toMatchObject({ status: 'SUBMITTED', reserved_amount: `${AMOUNT}`, error: null });
  expect(await ask()).toBe(id);

  // A restart changes nothing about it.
  const { folder, ledger, time } = world;
  await world.stop();
  world = await createWorld({ folder, ledger, time, network, decorateAdapter });
  await world.pipeline.recover();
  await world.time.advance(3 * HOUR_MS);
  expect(await found(id)).toMatchObject({ status: 'SUBMITTED', reserved_amount: `${AMOUNT}` });
  expect(await ask()).toBe(id);
  expect([signatures, ledger.accepted.size]).toEqual([1, 1]);

  // The chain goes on, and so does the payment.
  await world.time.runUntil(async () => {
    ledger.advance(1);
    return (await found(id))?.status === 'CONFIRMED';
  });
  expect(ledger.balanceOf(RECIPIENT)).toBe(AMOUNT);
  expect(signatures).toBe(1);
});

test('it ends when the chain has left its last block behind, and is not made anew by itself even then', async () => {
  await world.stop();
  await world.remove();
  world = await createWorld({ network: { ...network, landsAfter: 1_000 }, decorateAdapter });
  payer = await world.createPayer();
  const id = await ask();
  world.ledger.advance(39);
  await world.time.advance(HOUR_MS);
  expect(await found(id)).toMatchObject({ status: 'SUBMITTED' });
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (await found(id))?.status === 'EXPIRED';
  });
  await world.time.advance(HOUR_MS);
  expect(signatures).toBe(1);
  expect(await found(id)).toMatchObject({ status: 'EXPIRED', reserved_amount: null });
});
