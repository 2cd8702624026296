import { WAIaaSOwnerClient } from '@waiaas/sdk';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createHarness,
  createPayer,
  type DaemonProcess,
  type Harness,
  PASSWORD,
  type Payer,
  setLimits,
} from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

/*
 * Promise 2 with real processes: the daemon dies by SIGKILL at every unit of work and every call to the chain of one
 * payment of each tier, and is started again. The boundaries are counted in a run that is not killed.
 */

const TERMINAL = ['CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED'];
/** The shortest there is. */
const DELAY_SECONDS = 60;

let harness: Harness;
let template: string;
let payer: Payer;
const wallet = privateKeyToAccount(generatePrivateKey());

/** How a payment of a tier comes about. */
interface Course {
  readonly amount: bigint;
  /** What happens after it was admitted and before it is carried out. */
  readonly carryOut: (daemon: DaemonProcess, id: string) => Promise<void>;
  /** Seconds that pass meanwhile. */
  readonly seconds: number;
}

const COURSES = {
  INSTANT: { amount: 5_000_000n, seconds: 0, carryOut: async () => undefined },
  DELAY: { amount: 25_000_000n, seconds: DELAY_SECONDS, carryOut: (daemon) => daemon.advance(DELAY_SECONDS) },
  APPROVAL: {
    amount: 35_000_000n,
    seconds: 0,
    carryOut: async (daemon, id) =>
      void (await new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: wallet }).approveTransaction(id)),
  },
} as const satisfies Readonly<Record<string, Course>>;
type Tier = keyof typeof COURSES;
const TIERS: readonly Tier[] = ['INSTANT', 'DELAY', 'APPROVAL'];

beforeAll(async () => {
  harness = await createHarness();
  template = await harness.createDataDir();
  const daemon = await harness.start(template);
  await setLimits(daemon, {
    instant_max: '10000000',
    notify_max: '20000000',
    delay_max: '30000000',
    delay_seconds: DELAY_SECONDS,
  });
  payer = await createPayer(harness, daemon);
  await new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: wallet }).connect(PASSWORD);
  await daemon.stop();
}, 60_000);
afterAll(() => harness.close());

const ask = (daemon: DaemonProcess, tier: Tier, to: string) =>
  daemon.client(payer.token).sendToken({ to, amount: COURSES[tier].amount }, { idempotencyKey: `payment to ${to}` });

/** Asks for a payment and brings it to its end. */
async function pay(daemon: DaemonProcess, tier: Tier, to: string) {
  const { transactionId, status } = await ask(daemon, tier, to);
  if (status === 'QUEUED') await COURSES[tier].carryOut(daemon, transactionId);
  return daemon.client(payer.token).waitForTransaction(transactionId, { timeout: 60_000 });
}

async function countBoundaries(tier: Tier): Promise<number> {
  const daemon = await harness.start(harness.copyDataDir(template));
  await daemon.arm('never');
  expect(await pay(daemon, tier, stranger())).toMatchObject({ status: 'CONFIRMED', tier });
  const count = await daemon.countBoundaries();
  await daemon.stop();
  return count;
}

async function killAt(tier: Tier, boundary: number): Promise<void> {
  const dataDir = harness.copyDataDir(template);
  const { amount, seconds } = COURSES[tier];
  const to = stranger();
  const first = await harness.start(dataDir);
  const waiting = await first.client(payer.token).sendToken({ to: stranger(), amount: 35_000_000n });
  expect(waiting.status).toBe('QUEUED');
  await first.arm(boundary);
  let advanced = false;
  const lost = await ask(first, tier, to)
    .then(async ({ transactionId, status }) => {
      advanced = status === 'QUEUED';
      if (advanced) await COURSES[tier].carryOut(first, transactionId);
    })
    .catch((error: unknown) => error);
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });

  const second = await harness.start(dataDir, {}, advanced ? seconds : 0);
  const client = second.client(payer.token);
  const answer = await pay(second, tier, to).catch((error: unknown) => error);
  const { transactions } = await client.listTransactions({ limit: 100 });
  const mine = transactions.filter((transaction) => transaction.toAddress === to);
  const where = `${tier}, boundary ${boundary}: ${String(lost)}, answered ${String(answer)}`;
  expect(mine, where).toHaveLength(1);
  const [transaction] = mine;
  if (transaction === undefined) throw new Error('unreachable');
  const end = await client.waitForTransaction(transaction.transactionId, { timeout: 60_000 });
  expect(TERMINAL).toContain(end.status);

  const received = await balanceOf(harness.ledger, to);
  expect(received, `${where}, ${end.status} ${end.error}`).toBe(end.status === 'CONFIRMED' ? amount : 0n);
  expect(await second.stop()).toBe(0);

  const remains = await readRemains(dataDir);
  const row = remains.transactions.find(({ to_address }) => to_address === to);
  const signatures = harness.ledger.report().accepted.map(({ signature }) => signature);
  expect(row?.tier).toBe(tier);
  expect(row?.reserved_amount).toBeNull();
  expect(row?.signed_tx).toBeNull();
  if (end.status === 'CONFIRMED') expect(signatures).toContain(row?.tx_hash);
  expect(remains.ledgerFaults).toBe(0);
  expect(remains.usage).toMatchObject([{ totalTx: end.status === 'CONFIRMED' ? 1 : 0 }]);
  const queued = remains.transactions.find(({ id }) => id === waiting.transactionId);
  expect(queued).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL', tx_hash: null });
  // Every state a row has been through has its audit row.
  const events = remains.audit.filter(({ tx_id }) => tx_id === row?.id).map(({ event_type }) => event_type);
  expect(events[0]).toBe('TX_REQUESTED');
  const last = { CONFIRMED: 'TX_CONFIRMED', FAILED: 'TX_FAILED', EXPIRED: 'TX_FAILED', CANCELLED: 'TX_CANCELLED' }[
    String(end.status)
  ];
  expect(events.at(-1)).toBe(last);
  expect(new Set(events).size).toBe(events.length);
  if (tier === 'APPROVAL' && end.status === 'CONFIRMED') expect(events).toContain('TX_APPROVED');
}

describe.each(TIERS)('killed with SIGKILL at any boundary of a payment of tier %s', (tier) => {
  test('the daemon pays at most once, tells the truth, and leaves nothing reserved or stuck', async () => {
    const boundaries = await countBoundaries(tier);
    expect(boundaries).toBeGreaterThan(14);
    const all = Array.from({ length: boundaries }, (_, index) => index + 1);
    // Two at a time: the machine may have no more.
    const next = async (): Promise<void> => {
      for (let boundary = all.shift(); boundary !== undefined; boundary = all.shift()) await killAt(tier, boundary);
    };
    await Promise.all([next(), next()]);
    // Nothing the ledger ever took is unknown to the rows: each copy of the directory knows its own.
    const counts = harness.ledger.report().accepted.map(({ signature }) => signature);
    expect(new Set(counts).size).toBe(counts.length);
  }, 300_000);

  test('also when the ledger takes its time, and when the node drops what it took', async () => {
    const boundaries = await countBoundaries(tier);
    for (const fault of [
      { type: 'landLate', slots: 30, times: 1 },
      { type: 'dropReply', method: 'sendTransaction', times: 1 },
      { type: 'landNever', times: 1 },
    ] as const) {
      for (const fromEnd of [6, 4, 2]) {
        const off = harness.ledger.faults.add(fault);
        await killAt(tier, boundaries - fromEnd);
        off();
      }
    }
  }, 300_000);
});
