import { transactionId as brandTransactionId, isWaiaasError, type TransactionId } from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import { findTransaction } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alter } from '../test/hands-in-the-file.ts';
import { ALICE, BOB, by, createWorld, OPERATOR, type Payer, type World } from '../test/world.ts';

/* What the owner can do from a chat: note that they mean to approve, and reject. Nothing that lets a payment happen. */

const TIERS = { instant_max: '100', notify_max: '200', delay_max: '1000', delay_seconds: 600, approval_timeout: 3600 };
const [SLOW, BIG] = [900n, 5000n];

let world: World;
let payer: Payer;
let isPaired: boolean;
const CHAT: RequestOrigin = {
  actor: { kind: 'telegram', chatId: '4242' },
  confirmCredential() {
    if (!isPaired) throw new Error('no longer paired');
  },
};

beforeEach(async () => {
  isPaired = true;
  world = await createWorld({ rules: TIERS });
  await world.owner.connect(ALICE, OPERATOR);
  payer = await world.createPayer();
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const ask = async (amount: bigint): Promise<TransactionId> =>
  brandTransactionId((await world.send(payer, amount)).transactionId);
const row = async (id: TransactionId) => {
  const found = await findTransaction(world.storage.read, id);
  if (found === undefined) throw new Error('The row is gone');
  return found;
};
const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return isWaiaasError(error) ? error.code : String(error);
  }
  return 'not refused';
};
const listed = async () => (await world.pipeline.waiting({ order: 'asc', limit: 10 })).transactions;
const audited = async () =>
  (
    await world.storage.read
      .selectFrom('audit_log')
      .select(['actor', 'tx_id'])
      .where('event_type', '=', 'TX_PRE_APPROVED')
      .execute()
  ).map(({ actor, tx_id }) => `${actor} ${tx_id}`);

test('meaning to approve pays nothing: the payment stays queued, shows it, and expires as it would have', async () => {
  const id = await ask(BIG);
  const before = await row(id);
  const { expiresAt } = await world.pipeline.preApprove(id, CHAT);
  expect(Date.parse(expiresAt) / 1000).toBe(before.approval_expires_at);
  // A second press changes nothing, and is not recorded again.
  await world.pipeline.preApprove(id, CHAT);
  expect(await row(id)).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL', tx_hash: null });
  expect(await listed()).toMatchObject([{ txId: id, preApprovedAt: expect.any(String) }]);
  expect(await audited()).toEqual([`owner_telegram ${id}`]);
  await world.time.advance(3_600_000);
  await world.pipeline.expireApprovals();
  expect((await row(id)).status).toBe('EXPIRED');
  expect(world.ledger.accepted.size).toBe(0);
});

test('the signature of the owner carries it out afterwards, and only that', async () => {
  const id = await ask(BIG);
  await world.pipeline.preApprove(id, CHAT);
  expect(await refusal(world.pipeline.approve(id, CHAT))).toBe('OWNER_AUTH_REQUIRED');
  expect(await refusal(world.pipeline.approve(id, by(BOB)))).toBe('OWNER_MISMATCH');
  await world.pipeline.approve(id, by(ALICE));
  await world.time.runUntil(async () => {
    world.ledger.advance(1);
    return (await row(id)).status === 'CONFIRMED';
  });
  expect(world.ledger.accepted.size).toBe(1);
});

test('what does not wait for an approval cannot be noted', async () => {
  const slow = await ask(SLOW);
  expect(await refusal(world.pipeline.preApprove(slow, CHAT))).toBe('TX_ALREADY_PROCESSED');
  const rejected = await ask(BIG);
  await world.pipeline.reject(rejected, {}, CHAT);
  expect(await refusal(world.pipeline.preApprove(rejected, CHAT))).toBe('TX_ALREADY_PROCESSED');
  const late = await ask(BIG);
  await world.time.advance(3_600_000);
  expect(await refusal(world.pipeline.preApprove(late, CHAT))).toBe('TX_EXPIRED');
  const unknown = brandTransactionId('00000000-0000-7000-8000-000000000001');
  expect(await refusal(world.pipeline.preApprove(unknown, CHAT))).toBe('TX_NOT_FOUND');
  expect(await audited()).toEqual([]);
});

test('a payment somebody has edited is left as it is', async () => {
  const id = await ask(BIG);
  await alter(world, 'UPDATE transactions SET approval_expires_at = approval_expires_at + 9');
  expect(await refusal(world.pipeline.preApprove(id, CHAT))).toBe('POLICY_DENIED');
});

test('a rejection from the chat ends both kinds of waiting, under its own name', async () => {
  for (const amount of [SLOW, BIG]) {
    const id = await ask(amount);
    await world.pipeline.reject(id, { reason: 'Rejected via Telegram' }, CHAT);
    expect(await row(id)).toMatchObject({ status: 'CANCELLED', reserved_amount: null });
    expect(await refusal(world.pipeline.reject(id, {}, CHAT))).toBe('TX_ALREADY_PROCESSED');
  }
});

test('a chat that is no longer paired changes nothing, whenever it was let in', async () => {
  const id = await ask(BIG);
  isPaired = false;
  expect(await refusal(world.pipeline.preApprove(id, CHAT))).toContain('no longer paired');
  expect(await refusal(world.pipeline.reject(id, {}, CHAT))).toContain('no longer paired');
  expect(await row(id)).toMatchObject({ status: 'QUEUED', metadata: (await row(id)).metadata });
});

test('a chat changes no owner', async () => {
  expect(await refusal(world.owner.disconnect(CHAT))).toBe('OWNER_AUTH_REQUIRED');
  expect(await refusal(world.owner.change(BOB, CHAT))).toBe('OWNER_AUTH_REQUIRED');
});
