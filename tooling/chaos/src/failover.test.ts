import { type Relay, startRelay } from '@waiaas/localnet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHarness, createPayer, type DaemonProcess, type Harness, type Payer, setLimits } from './harness.ts';
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
