import { setTimeout as pause } from 'node:timers/promises';
import { type TransactionResponse, WAIaaSOwnerClient } from '@waiaas/sdk';
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
 * payment of each tier, and is started again; and at every one of that start. The boundaries are named and counted in runs
 * that are not killed. With WAIAAS_CHAOS=full, faults of the chain come at each boundary, not only around the sending, and
 * every tier sees them and dies in its recovery, not only those whose way there and back differs most.
 */

const IS_FULL = process.env.WAIAAS_CHAOS === 'full';
/** A slice of it is over in minutes; all of it takes as long as it takes. */
const LIMIT_MS = IS_FULL ? 7_200_000 : 600_000;

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
  NOTIFY: { amount: 15_000_000n, seconds: 0, carryOut: async () => undefined },
  DELAY: { amount: 25_000_000n, seconds: DELAY_SECONDS, carryOut: (daemon) => daemon.advance(DELAY_SECONDS) },
  APPROVAL: {
    amount: 35_000_000n,
    seconds: 0,
    carryOut: async (daemon, id) =>
      void (await new WAIaaSOwnerClient({ baseUrl: daemon.url, signer: wallet }).approveTransaction(id)),
  },
} as const satisfies Readonly<Record<string, Course>>;
type Tier = keyof typeof COURSES;
const TIERS: readonly Tier[] = ['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL'];

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

/** Waits for the end of a payment. Looks more often than the SDK does: its pauses would be most of the time. */
async function endOf(daemon: DaemonProcess, id: string): Promise<TransactionResponse> {
  const giveUp = AbortSignal.timeout(60_000);
  for (;;) {
    const transaction = await daemon.client(payer.token).getTransaction(id, { signal: giveUp });
    if (TERMINAL.includes(transaction.status)) return transaction;
    if (giveUp.aborted) throw new Error(`After a minute ${id} is ${transaction.status}`);
    await pause(20);
  }
}

/** Asks for a payment and brings it to its end. */
async function pay(daemon: DaemonProcess, tier: Tier, to: string) {
  const { transactionId, status } = await ask(daemon, tier, to);
  if (status === 'QUEUED') await COURSES[tier].carryOut(daemon, transactionId);
  return endOf(daemon, transactionId);
}

async function boundariesOf(tier: Tier): Promise<readonly string[]> {
  const daemon = await harness.start(harness.copyDataDir(template));
  await daemon.arm('never');
  expect(await pay(daemon, tier, stranger())).toMatchObject({ status: 'CONFIRMED', tier });
  const names = await daemon.boundaries();
  await daemon.stop();
  return names;
}

/** Works on everything, two at a time: the machine may have no more. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const next = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([next(), next()]);
}

/** Kills a payment at a boundary, and, where it is given, the start after that at one of its own. */
async function killAt(tier: Tier, boundary: number, name: string, startBoundary?: number): Promise<readonly string[]> {
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

  if (startBoundary !== undefined) await harness.dieStarting(dataDir, startBoundary, advanced ? seconds : 0);
  const second = await harness.start(dataDir, {}, advanced ? seconds : 0);
  const answer = await pay(second, tier, to).catch((error: unknown) => error);
  const { transactions } = await second.client(payer.token).listTransactions({ limit: 100 });
  const mine = transactions.filter((transaction) => transaction.toAddress === to);
  const where = `${tier}, ${boundary} (${name}), start ${startBoundary ?? 'whole'}: ${String(lost)}, answered ${String(answer)}`;
  expect(mine, where).toHaveLength(1);
  const [transaction] = mine;
  if (transaction === undefined) throw new Error('unreachable');
  const end = await endOf(second, transaction.transactionId);
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
  return second.startBoundaries;
}

/** What the recovery of a tier differs in is how the payment was claimed: at once, or later by a worker or by the owner. */
const RECOVERED: readonly Tier[] = IS_FULL ? TIERS : ['DELAY', 'APPROVAL'];
/** From the claim on, all tiers go the same way. */
const FAULTY: readonly Tier[] = IS_FULL ? TIERS : ['INSTANT', 'APPROVAL'];

/** The boundaries of each tier, in the order a payment meets them. */
const boundaries = new Map<Tier, Promise<readonly string[]>>();
function namesOf(tier: Tier): Promise<readonly string[]> {
  const known = boundaries.get(tier) ?? boundariesOf(tier);
  boundaries.set(tier, known);
  return known;
}

describe('killed with SIGKILL at any boundary of a payment', () => {
  test.each(TIERS)(
    'of tier %s, the daemon pays at most once, tells the truth, and leaves nothing reserved or stuck',
    async (tier) => {
      const names = await namesOf(tier);
      expect(names.length).toBeGreaterThan(14);
      for (const call of ['buildTransaction', 'simulateTransaction', 'signTransaction', 'submitTransaction']) {
        expect(names).toContain(`before ${call}`);
        expect(names).toContain(`after ${call}`);
      }
      await forEach([...names.entries()], async ([index, name]) => {
        await killAt(tier, index + 1, name);
      });
      // Nothing the ledger ever took is unknown to the rows: each copy of the directory knows its own.
      const counts = harness.ledger.report().accepted.map(({ signature }) => signature);
      expect(new Set(counts).size).toBe(counts.length);
    },
    LIMIT_MS,
  );

  test.each(RECOVERED)(
    'of tier %s, also when the start after that dies at any of its boundaries',
    async (tier) => {
      const names = await namesOf(tier);
      const sent = names.indexOf('after submitTransaction') + 1;
      const startBoundaries = await killAt(tier, sent, 'after submitTransaction');
      expect(startBoundaries.length).toBeGreaterThan(5);
      await forEach([...startBoundaries.keys()], async (index) => {
        await killAt(tier, sent, 'after submitTransaction', index + 1);
      });
    },
    LIMIT_MS,
  );

  test.each(FAULTY)(
    'of tier %s, also when the ledger takes its time, and when the node drops what it took',
    async (tier) => {
      const names = await namesOf(tier);
      const around = [names.length - 6, names.length - 4, names.length - 2];
      const places = IS_FULL ? [...names.keys()].map((index) => index + 1) : around;
      for (const fault of [
        { type: 'landLate', slots: 30, times: 1 },
        { type: 'dropReply', method: 'sendTransaction', times: 1 },
        { type: 'landNever', times: 1 },
      ] as const) {
        for (const boundary of places) {
          const off = harness.ledger.faults.add(fault);
          await killAt(tier, boundary, names[boundary - 1] ?? '');
          off();
        }
      }
    },
    1_800_000,
  );
});
