import { transactionId as brandTransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALICE, by, createWorld, OPERATOR, type Payer, type TokenAdapter, type World } from '../test/world.ts';

/*
 * What a payment puts into an account it opens for the recipient can be taken out by the recipient: with a token that is worth
 * nothing, it would be a way past every limit of the native asset.
 */

const RENT = 2_039_280n;
/** Three accounts, and not one base unit more. */
const MOST = 3n * RENT;
const DELAY_SECONDS = 600;
const DAY_MS = 86_400_000;

let world: World;
let payer: Payer;
let mint: string;
/** What the next payments put into an account they open; 0 when they open none. */
let rent: bigint;

const decorateAdapter = (adapter: TokenAdapter): TokenAdapter => ({
  ...adapter,
  async buildTransaction(request) {
    const built = await adapter.buildTransaction(request);
    return rent === 0n ? built : { ...built, accountRent: rent };
  },
});

beforeEach(async () => {
  rent = RENT;
  world = await createWorld({ decorateAdapter, settings: { maxAccountRentDaily: MOST, maxPendingTransactions: 100 } });
  payer = await world.createPayer();
  mint = world.createToken({}, payer);
  const token_limits = { [mint]: { instant_max: '1000', notify_max: '1000', delay_max: '5000' } };
  await world.setRules({ token_limits, delay_seconds: DELAY_SECONDS, approval_timeout: 3600 });
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

/** Answers what a payment came to, letting time and blocks pass. */
async function finish<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  settled.catch(() => undefined);
  await world.time.runUntil(() => {
    world.ledger.advance(1);
    return done;
  });
  return settled;
}
const pay = (amount = 1n, from = payer) => finish(world.send(from, amount, { tokenMint: mint }));
const statusOf = async (id: string) =>
  (await findTransaction(world.storage.read, brandTransactionId(id)))?.status ?? 'none';
const untilPaid = (id: string) =>
  world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (await statusOf(id)) === 'CONFIRMED';
  });
const sent = () => world.ledger.accepted.size;

test('accounts are opened up to the limit, to the base unit, and none beyond it: nothing is sent then', async () => {
  for (let count = 0; count < 3; count += 1) expect(await pay()).toMatchObject({ status: 'CONFIRMED' });
  await expect(pay()).rejects.toMatchObject({
    code: 'POLICY_DENIED',
    retryable: false,
    details: { limit: MOST.toString(), requested: RENT.toString(), spent: MOST.toString() },
  });
  rent = 1n;
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  expect(sent()).toBe(3);
  const held = await world.storage.read.selectFrom('transactions').select('reserved_amount').execute();
  expect(held.every(({ reserved_amount }) => reserved_amount === null)).toBe(true);
});

test('twenty at once open as many as one after the other', async () => {
  const asked = Array.from({ length: 20 }, () => world.send(payer, 1n, { tokenMint: mint }));
  const ends = await finish(Promise.allSettled(asked));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  expect(sent()).toBe(3);
});

test('payments that open none go on, and each agent has the limit to itself', async () => {
  for (let count = 0; count < 3; count += 1) await pay();
  const other = await world.createPayer();
  world.ledger.mint(mint, other.address, 10n);
  expect(await pay(1n, other)).toMatchObject({ status: 'CONFIRMED' });
  rent = 0n;
  expect(await pay()).toMatchObject({ status: 'CONFIRMED' });
});

test('they count for 24 hours from when they were carried out, not from when they were asked for', async () => {
  const { transactionId } = await pay(2_000n);
  expect(await statusOf(transactionId)).toBe('QUEUED');
  await world.time.advance(DELAY_SECONDS * 1000);
  await world.pipeline.runDelayed();
  await untilPaid(transactionId);
  await pay();
  await pay();
  await world.time.advance(DAY_MS - 60_000);
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  await world.time.advance(120_000);
  expect(await pay()).toMatchObject({ status: 'CONFIRMED' });
});

test('what the owner approved is not bound by it, and does not count', async () => {
  await world.owner.connect(ALICE, OPERATOR);
  const approved = async (): Promise<void> => {
    const { transactionId } = await pay(9_000n);
    await world.pipeline.approve(brandTransactionId(transactionId), by(ALICE));
    await untilPaid(transactionId);
  };
  await approved();
  for (let count = 0; count < 3; count += 1) await pay();
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  await approved();
  expect(sent()).toBe(5);
});

test('a row that somebody has changed proves nothing: no further account is opened', async () => {
  await pay();
  await world.storage.write(async ({ db }) => {
    const forged = { metadata: JSON.stringify({ accountRent: '0' }), state_seal: 'forged' };
    await db
      .updateTable('transactions')
      .set((eb) => ({ ...forged, state_version: eb('state_version', '+', 1) }))
      .execute();
  });
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  expect(sent()).toBe(1);
});
