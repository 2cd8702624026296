import { transactionId as brandTransactionId, type TransactionId } from '@waiaas/core';
import { findTransaction } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alter } from '../test/hands-in-the-file.ts';
import { ALICE, by, createWorld, OPERATOR, type Payer, silent, type World } from '../test/world.ts';
import { sealEarlierAgents } from './earlier-agents.ts';
import { sealEarlierLedger } from './earlier-ledger.ts';
import { sealEarlierTransactions } from './earlier-transactions.ts';

/* A database from before the states of transactions were sealed is brought up to date once, and is not believed everything. */

const TIERS = { instant_max: '100', notify_max: '100', delay_max: '1000', delay_seconds: 60, approval_timeout: 3600 };

let world: World;
let payer: Payer;
beforeEach(async () => {
  world = await createWorld({ rules: TIERS });
  payer = await world.createPayer();
  await world.owner.connect(ALICE, OPERATOR);
});
afterEach(async () => {
  await world.stop();
  await world.remove();
});

const UNSEALED = "UPDATE transactions SET state_version = 0, state_seal = ''";
/** What came later than the seals of transactions. */
const NO_HEADS = ['DELETE FROM heads', "UPDATE spend_ledger SET seal = '', previous = ''"];

/** As at the first start of a version that seals: a process that has not seen the database yet. */
async function seal(): Promise<void> {
  const { folder, ledger, time } = world;
  await world.stop();
  world = await createWorld({ rules: TIERS, folder, ledger, time });
  const { storage } = world;
  const parts = { storage, sealer: world.keystoreParts.keystore.sealer, clock: time, logger: silent };
  await sealEarlierTransactions(parts);
  await sealEarlierLedger(parts);
  await sealEarlierAgents(parts);
}
const ask = async (amount: bigint): Promise<TransactionId> => {
  let id: string | undefined;
  world.send(payer, amount, { waitMs: 1 }).then(({ transactionId }) => {
    id = transactionId;
  });
  await world.time.runUntil(() => id !== undefined);
  return brandTransactionId(id ?? '');
};
const statusOf = async (id: TransactionId) => (await findTransaction(world.storage.read, id))?.status;
const records = () =>
  world.storage.read
    .selectFrom('audit_log')
    .select(['severity', 'details'])
    .where('event_type', '=', 'ROWS_SEALED')
    .execute();

test('what waited goes on waiting, and is carried out in its time', async () => {
  const [done, slow, big] = [await ask(50n), await ask(500n), await ask(5000n)];
  await alter(world, UNSEALED, ...NO_HEADS);
  await seal();
  await world.pipeline.recover();
  await world.time.advance(60_000);
  await world.pipeline.runDelayed();
  await world.pipeline.approve(big, by(ALICE));
  await world.time.advance(5000);
  world.ledger.advance(40);
  await world.time.advance(20_000);
  for (const id of [done, slow, big]) expect(await statusOf(id)).toBe('CONFIRMED');
  expect(world.ledger.accepted.size).toBe(3);
  expect((await records()).map(({ severity }) => severity)).toEqual(['info']);
});

test.each([
  ['a tier', 5000n, "tier = 'DELAY', execute_after = 0"],
  ['a time', 500n, 'execute_after = 0'],
  ['a deadline', 5000n, 'approval_expires_at = 9999999999'],
  ['a recipient', 500n, "to_address = 'Mallory'"],
  ['a state', 50n, "status = 'QUEUED', tier = 'DELAY', execute_after = 0, reserved_amount = amount, tx_hash = NULL"],
  ['the record of the decision', 500n, 'execute_after = execute_after'],
])('one that contradicts what was sealed then, by %s, is left and never carried out', async (what, amount, set) => {
  const id = await ask(amount);
  const sent = world.ledger.accepted.size;
  const forget = what === 'the record of the decision' ? [`DELETE FROM decisions WHERE tx_id = '${id}'`] : [];
  await alter(world, `${UNSEALED}, ${set} WHERE id = '${id}'`, ...forget, ...NO_HEADS);
  const before = await findTransaction(world.storage.read, id);
  await seal();
  await world.pipeline.recover();
  await world.time.advance(60_000);
  await world.pipeline.runDelayed();
  await expect(world.pipeline.approve(id, by(ALICE))).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  await world.time.advance(10_000);
  expect(await findTransaction(world.storage.read, id)).toEqual(before);
  expect(world.ledger.accepted.size).toBe(sent);
  expect(await records()).toMatchObject([{ severity: 'critical' }]);
});

test('it is done once: what is unsealed later is not sealed again', async () => {
  const id = await ask(500n);
  await seal();
  await alter(world, UNSEALED);
  await seal();
  await world.time.advance(60_000);
  await world.pipeline.runDelayed();
  expect(await statusOf(id)).toBe('QUEUED');
  expect(await records()).toHaveLength(1);
});
