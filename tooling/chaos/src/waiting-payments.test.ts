import { transactionResource } from '@waiaas/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, createSession, type Harness, type Payer, setLimits } from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';
import { type Answer, type OwnedDaemon, startOwnedDaemon } from './owned-daemon.ts';
import { createOwnerWallet, messageBy } from './owner-wallet.ts';

/* Payments that wait: for time, for the owner; and what ends them. */

const wallet = createOwnerWallet('solana');
const APPROVAL = 4_000_000_000n;
const DELAY = 2_500_000_000n;

let harness: Harness;
let owned: OwnedDaemon;
let payer: Payer;
beforeAll(async () => {
  harness = await createHarness();
  // Nobody but the requests of the test looks at deadlines.
  owned = await startOwnedDaemon(harness, wallet, { CHAOS_IDLE_WORKERS: 'approvalTimeout' });
  await setLimits(owned.daemon, { delay_seconds: 900 });
  payer = await createPayer(harness, owned.daemon);
  expect((await owned.connect()).status).toBe(201);
}, 60_000);
afterAll(() => harness.close());

const ask = async (amount: bigint, to = stranger(), token = payer.token): Promise<string> =>
  (await owned.daemon.client(token).sendToken({ to, amount })).transactionId;
const statusOf = async (id: string) => (await owned.daemon.client(payer.token).getTransaction(id)).status;

async function approve(id: string, to: string, amount = '4'): Promise<Answer> {
  const message = messageBy(
    wallet,
    {
      domain: owned.domain,
      nonce: await owned.nonce(),
      statement: `WAIaaS Owner Action: approve_tx - pay ${amount} SOL to ${to} on solana localnet`,
      resource: transactionResource(id),
    },
    owned.now(),
  );
  return owned.ask(
    { method: 'POST', path: `/v1/owner/approve/${id}` },
    { authorization: owned.header('approve_tx', message) },
  );
}

test('the owner’s signature shortens no cool-down', async () => {
  const to = stranger();
  const id = await ask(DELAY, to);
  expect(await approve(id, to, '2.5')).toMatchObject({ status: 409, code: 'TX_ALREADY_PROCESSED' });
  expect(await statusOf(id)).toBe('QUEUED');
  await owned.daemon.operate('POST', `/v1/owner/reject/${id}`);
});

test('revoking a session ends what it has waiting, of both kinds, and nothing of the others', async () => {
  const other = await createSession(owned.daemon, payer.agentId);
  const to = stranger();
  const [delayed, forOwner] = [await ask(DELAY, to, other.token), await ask(APPROVAL, to, other.token)];
  const mine = await ask(APPROVAL);
  const revoked = await owned.daemon.operate('DELETE', `/v1/sessions/${other.sessionId}`);
  expect(revoked).toMatchObject({ status: 200, body: { revoked: true, transactionsCancelled: 2 } });
  expect([await statusOf(delayed), await statusOf(forOwner), await statusOf(mine)]).toEqual([
    'CANCELLED',
    'CANCELLED',
    'QUEUED',
  ]);
  expect(await approve(forOwner, to)).toMatchObject({ status: 409, code: 'TX_ALREADY_PROCESSED' });
  await owned.advance(901);
  expect(await balanceOf(harness.ledger, to)).toBe(0n);
  await owned.daemon.operate('POST', `/v1/owner/reject/${mine}`);
});

test('an approval that comes too late is a 410, and has ended the payment for good', async () => {
  const to = stranger();
  const id = await ask(APPROVAL, to);
  await owned.advance(3601);
  expect(await statusOf(id)).toBe('QUEUED');
  expect(await approve(id, to)).toMatchObject({ status: 410 });
  expect(await statusOf(id)).toBe('EXPIRED');
  expect(await approve(id, to)).toMatchObject({ status: 410, code: 'TX_EXPIRED' });
  expect(await balanceOf(harness.ledger, to)).toBe(0n);
  await owned.daemon.stop();
  const { transactions } = await readRemains(owned.dataDir);
  const row = transactions.find((transaction) => transaction.id === id);
  expect([row?.status, row?.reserved_amount, row?.tx_hash]).toEqual(['EXPIRED', null, null]);
});
