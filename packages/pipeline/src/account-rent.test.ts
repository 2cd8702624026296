import { transactionId as brandTransactionId, type IAccountOpener } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import { type RawBuilder, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import {
  ALICE,
  bodyOf,
  by,
  createWorld,
  OPERATOR,
  type Payer,
  type TokenAdapter,
  type World,
  type WorldOptions,
} from '../test/world.ts';

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

const decorateAdapter = (adapter: TokenAdapter): TokenAdapter & IAccountOpener => ({
  ...adapter,
  isConnected: () => adapter.isConnected(),
  quoteAccountRent: async () => rent,
  async buildTransaction(request) {
    const built = await adapter.buildTransaction(request);
    return rent === 0n ? built : { ...built, accountRent: rent };
  },
});

const options: WorldOptions = {
  decorateAdapter,
  settings: { maxAccountRentDaily: MOST, maxPendingTransactions: 100 },
};

beforeEach(async () => {
  rent = RENT;
  world = await createWorld(options);
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

/** Changes the file past its guards. */
const tamper = (statement: RawBuilder<unknown>) =>
  world.storage.write(async ({ db }) => {
    for (const trigger of ['transactions_state_moves_on', 'heads_move_on'])
      await sql`DROP TRIGGER IF EXISTS ${sql.ref(trigger)}`.execute(db);
    await statement.execute(db);
  });

test('what was opened is known whatever somebody writes into the rows of payments', async () => {
  for (let count = 0; count < 3; count += 1) await pay();
  await tamper(sql`UPDATE transactions SET metadata = NULL`);
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED', details: { spent: MOST.toString() } });
  await tamper(sql`UPDATE transactions SET metadata = '{"accountRent":"0"}', claimed_at = 1`);
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED', details: { spent: MOST.toString() } });
  expect(sent()).toBe(3);
});

test('a head that somebody has changed misleads nobody: not the running daemon, and not the next one', async () => {
  for (let count = 0; count < 3; count += 1) await pay();
  await tamper(sql`UPDATE heads SET content = replace(content, '"rents":[[', '"rents":[],"x":[[')`);
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED', details: { spent: MOST.toString() } });
  const { folder, ledger, time } = world;
  await world.stop();
  world = await createWorld({ ...options, folder, ledger, time });
  await world.pipeline.recover();
  await expect(pay()).rejects.toThrow();
  expect(sent()).toBe(3);
});

test('a dry run and the budget say what will be opened, and what is left', async () => {
  const budget = async () => (await world.pipeline.budget(payer)).accountRent;
  const dryRun = (amount = 1n) => world.pipeline.dryRun(payer, bodyOf({ amount, tokenMint: mint }));
  expect(await budget()).toEqual({ limit: `${MOST}`, used: '0', reserved: '0', remaining: `${MOST}` });
  expect(await dryRun()).toMatchObject({ outcome: 'ALLOW', tier: 'INSTANT', accountRent: `${RENT}` });
  for (let count = 0; count < 3; count += 1) await pay();
  expect(await budget()).toMatchObject({ used: `${MOST}`, remaining: '0' });
  expect(await dryRun()).toMatchObject({
    ...{ outcome: 'DENY', code: 'POLICY_DENIED', reason: 'ACCOUNT_RENT_LIMIT', accountRent: `${RENT}` },
    details: { limit: `${MOST}`, requested: `${RENT}`, spent: `${MOST}` },
  });
  // What waits may be carried out on another day, and what the owner approves is not bound.
  expect(await dryRun(2_000n)).toMatchObject({ outcome: 'ALLOW', tier: 'DELAY', accountRent: `${RENT}` });
  expect(await dryRun(9_000n)).toMatchObject({ outcome: 'ALLOW', tier: 'APPROVAL', accountRent: `${RENT}` });
  rent = 0n;
  expect(await dryRun()).toMatchObject({ outcome: 'ALLOW' });
  expect(await dryRun()).not.toHaveProperty('accountRent');
  expect(sent()).toBe(3);
});

test('thousands of small ones stay exact at the limit, and short in what is kept of them', async () => {
  rent = 1_000n;
  for (let count = 0; count < 12; count += 1) {
    await pay();
    await world.time.advance(30_000);
  }
  const [head] = await world.storage.read
    .selectFrom('heads')
    .select('content')
    .where('scope', '=', payer.agentId)
    .execute();
  const { rents } = z.object({ rents: z.array(z.tuple([z.int(), z.string()])) }).parse(JSON.parse(head?.content ?? ''));
  expect(rents.length).toBeLessThanOrEqual(3);
  expect(rents.reduce((sum, [, amount]) => sum + BigInt(amount), 0n)).toBe(12_000n);
  rent = MOST - 12_000n + 1n;
  await expect(pay()).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  rent -= 1n;
  expect(await pay()).toMatchObject({ status: 'CONFIRMED' });
});
