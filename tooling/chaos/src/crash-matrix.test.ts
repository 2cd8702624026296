import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHarness, createPayer, type DaemonProcess, type Harness, type Payer, setLimits } from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

/*
 * Promise 2 with real processes: the daemon dies by SIGKILL at every unit of work and every call to the chain of one
 * payment, and is started again. The boundaries are counted in a run that is not killed.
 */

const AMOUNT = 5_000_000n;
const TERMINAL = ['CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED'];

let harness: Harness;
let template: string;
let payer: Payer;

beforeAll(async () => {
  harness = await createHarness();
  template = await harness.createDataDir();
  const daemon = await harness.start(template);
  await setLimits(daemon, { instant_max: '10000000', notify_max: '20000000', delay_max: '30000000' });
  payer = await createPayer(harness, daemon);
  await daemon.stop();
}, 60_000);
afterAll(() => harness.close());

const pay = (daemon: DaemonProcess, to: string) =>
  daemon.client(payer.token).sendToken({ to, amount: AMOUNT }, { idempotencyKey: `payment to ${to}` });

async function countBoundaries(): Promise<number> {
  const daemon = await harness.start(harness.copyDataDir(template));
  await daemon.arm('never');
  expect(await pay(daemon, stranger())).toMatchObject({ status: 'CONFIRMED' });
  const count = await daemon.countBoundaries();
  await daemon.stop();
  return count;
}

async function killAt(boundary: number): Promise<void> {
  const dataDir = harness.copyDataDir(template);
  const to = stranger();
  const first = await harness.start(dataDir);
  const waiting = await first.client(payer.token).sendToken({ to: stranger(), amount: 25_000_000n });
  expect(waiting.status).toBe('QUEUED');
  await first.arm(boundary);
  const lost = await pay(first, to).catch((error: unknown) => error);
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });

  const second = await harness.start(dataDir);
  const client = second.client(payer.token);
  const answer = await pay(second, to).catch((error: unknown) => error);
  const { transactions } = await client.listTransactions({ limit: 100 });
  const mine = transactions.filter((transaction) => transaction.toAddress === to);
  expect(mine, `boundary ${boundary}: ${String(lost)}`).toHaveLength(1);
  const [transaction] = mine;
  if (transaction === undefined) throw new Error('unreachable');
  const end = await client.waitForTransaction(transaction.transactionId, { timeout: 60_000 });
  expect(TERMINAL).toContain(end.status);

  const received = await balanceOf(harness.ledger, to);
  expect(received, `boundary ${boundary}, ${end.status} ${end.error}, answered ${String(answer)}`).toBe(
    end.status === 'CONFIRMED' ? AMOUNT : 0n,
  );
  expect(await second.stop()).toBe(0);

  const remains = await readRemains(dataDir);
  const row = remains.transactions.find(({ to_address }) => to_address === to);
  const signatures = harness.ledger.report().accepted.map(({ signature }) => signature);
  expect(row?.reserved_amount).toBeNull();
  expect(row?.signed_tx).toBeNull();
  if (end.status === 'CONFIRMED') expect(signatures).toContain(row?.tx_hash);
  expect(remains.ledgerFaults).toBe(0);
  expect(remains.usage).toMatchObject([{ totalTx: end.status === 'CONFIRMED' ? 1 : 0 }]);
  const queued = remains.transactions.find(({ id }) => id === waiting.transactionId);
  expect(queued).toMatchObject({ status: 'QUEUED', tier: 'DELAY', tx_hash: null });
  // Every state a row has been through has its audit row.
  const events = remains.audit.filter(({ tx_id }) => tx_id === row?.id).map(({ event_type }) => event_type);
  expect(events[0]).toBe('TX_REQUESTED');
  const last = { CONFIRMED: 'TX_CONFIRMED', FAILED: 'TX_FAILED', EXPIRED: 'TX_FAILED', CANCELLED: 'TX_CANCELLED' }[
    String(end.status)
  ];
  expect(events.at(-1)).toBe(last);
  expect(new Set(events).size).toBe(events.length);
}

describe('killed with SIGKILL at any boundary of a payment', () => {
  test('the daemon pays at most once, tells the truth, and leaves nothing reserved or stuck', async () => {
    const boundaries = await countBoundaries();
    expect(boundaries).toBeGreaterThan(14);
    const all = Array.from({ length: boundaries }, (_, index) => index + 1);
    // Two at a time: the machine may have no more.
    const next = async (): Promise<void> => {
      for (let boundary = all.shift(); boundary !== undefined; boundary = all.shift()) await killAt(boundary);
    };
    await Promise.all([next(), next()]);
    // Nothing the ledger ever took is unknown to the rows: each copy of the directory knows its own.
    const counts = harness.ledger.report().accepted.map(({ signature }) => signature);
    expect(new Set(counts).size).toBe(counts.length);
  }, 300_000);

  test('also when the ledger takes its time, and when the node drops what it took', async () => {
    for (const fault of [
      { type: 'landLate', slots: 30, times: 1 },
      { type: 'dropReply', method: 'sendTransaction', times: 1 },
      { type: 'landNever', times: 1 },
    ] as const) {
      for (const boundary of [11, 13, 15]) {
        const off = harness.ledger.faults.add(fault);
        await killAt(boundary);
        off();
      }
    }
  }, 300_000);
});
