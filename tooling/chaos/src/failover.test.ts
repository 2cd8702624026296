import { setImmediate as turn } from 'node:timers/promises';
import { type Relay, startRelay } from '@waiaas/localnet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHarness, createPayer, type DaemonProcess, type Harness, type Payer, setLimits } from './harness.ts';
import { issueToken, TOKEN_PROGRAMS } from './ledger-token.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

const AMOUNT = 5_000_000n;
/** Slow enough for a blockhash to outlive a time limit or two. */
const SLOT_MS = 250;

let harness: Harness;
let dying: Relay;
let dataDir: string;
let daemon: DaemonProcess;
let payer: Payer;

beforeAll(async () => {
  harness = await createHarness(SLOT_MS);
  dying = await startRelay(harness.ledger.rpcUrl);
  dataDir = await harness.createDataDir('', [dying.url, harness.ledger.rpcUrl]);
  daemon = await harness.start(dataDir);
  await setLimits(daemon, {});
  payer = await createPayer(harness, daemon);
}, 60_000);
afterAll(async () => {
  await dying.close();
  await harness.close();
});

/** What was sent and landed, in order. */
const signatures = () => harness.ledger.report().landed.filter(({ source }) => source === 'sendTransaction');

describe('the first endpoint dies in the middle of a payment', () => {
  const calls = [
    'getLatestBlockhash',
    'getMultipleAccounts',
    'simulateTransaction',
    'sendTransaction',
    'getSignatureStatuses',
    'getTransaction',
  ];
  test.each(calls.flatMap((method) => [[method, 'before'] as const, [method, 'after'] as const]))(
    'at %s, %s it was executed: paid once, through the second',
    async (method, moment) => {
      const client = daemon.client(payer.token);
      // Back for as long as it takes to be used again: a daemon that passes it over would not come upon the trap.
      dying.revive();
      const revived = dying.calls.length;
      const isUsed = async (): Promise<boolean> => {
        await client.getBalance();
        return dying.calls.slice(revived).includes('getBalance');
      };
      await expect.poll(isUsed, { timeout: 30_000, interval: 100 }).toBe(true);
      const trapped = dying.calls.length;
      dying.dieAt(method, moment);

      const before = signatures().length;
      const to = stranger();
      const { transactionId } = await client.sendToken({ to, amount: AMOUNT, memo: method });
      const end = await client.waitForTransaction(transactionId, { timeout: 60_000 });
      expect(end.status).toBe('CONFIRMED');
      expect(dying.calls.slice(trapped)).toContain(method);
      expect(await balanceOf(harness.ledger, to)).toBe(AMOUNT);
      expect(
        signatures()
          .slice(before)
          .map(({ signature }) => signature),
      ).toEqual([end.txHash]);
    },
    90_000,
  );

  test('and the books agree with the ledger afterwards', async () => {
    expect(await daemon.stop()).toBe(0);
    const { transactions, ledgerFaults } = await readRemains(dataDir);
    expect(ledgerFaults).toBe(0);
    expect(new Set(transactions.map(({ status }) => status))).toEqual(new Set(['CONFIRMED']));
    expect(transactions).toHaveLength(calls.length * 2);
  });
});

test('a payment that the chain executes and that fails there ends as just that, for agent, owner and record', async () => {
  await daemon.stop();
  // Both answer: what one of them has no word on for a while is not called failed.
  dying.revive();
  daemon = await harness.start(dataDir);
  const token = await issueToken(harness.ledger, TOKEN_PROGRAMS.SPL, payer.address, 1_000n);
  const limits = { instant_max: '10', notify_max: '20', delay_max: '30' };
  await setLimits(daemon, { token_limits: { [token.mint]: limits } });
  const client = daemon.client(payer.token);
  // Long enough in no block for the issuer to be faster.
  harness.ledger.faults.add({ type: 'landLate', slots: 8, times: 1 });
  const before = harness.ledger.report().accepted.length;
  const paying = client
    .sendToken({ to: stranger(), amount: 5n, tokenMint: token.mint })
    .catch((error: unknown) => error);
  // Taken by the node, which has tried it out.
  while (harness.ledger.report().accepted.length === before) await turn();
  token.freeze(true);
  expect(await paying).toMatchObject({ code: 'CHAIN_ERROR', statusCode: 502, retryable: false });
  const { transactions } = await client.listTransactions({ limit: 1 });
  expect(transactions).toMatchObject([{ status: 'FAILED', error: expect.stringMatching(/ONCHAIN_FAILURE: .*17/) }]);
  const [failed] = transactions;
  const log = await daemon.operate('GET', '/v1/owner/audit-log?event=TX_FAILED');
  expect(JSON.stringify(log.body)).toContain(failed?.transactionId);
  // The next one is paid.
  token.freeze(false);
  const next = await client.sendToken({ to: stranger(), amount: 5n, tokenMint: token.mint });
  expect(await client.waitForTransaction(next.transactionId, { timeout: 60_000 })).toMatchObject({
    status: 'CONFIRMED',
  });
  expect(await daemon.stop()).toBe(0);
}, 60_000);
