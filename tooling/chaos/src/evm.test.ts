import { type Anvil, type FlakyProxy, startAnvil, startFlakyProxy } from '@waiaas/anvil';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createSession, type DaemonProcess, type Harness, type Payer } from './harness.ts';
import { readRemains } from './ledger-truth.ts';

/*
 * The real daemon on a real EVM node: an agent of its own, payments over HTTP, SIGKILL at every unit of work and every call
 * to the chain, an endpoint that dies in the middle. Two endpoints stand in front of one node.
 */

const ETHER = 10n ** 18n;
const AMOUNT = ETHER / 100n;
const TERMINAL = ['CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED'];

let harness: Harness;
let anvil: Anvil;
let first: FlakyProxy;
let second: FlakyProxy;
let template: string;
let payer: Payer;

beforeAll(async () => {
  harness = await createHarness();
  anvil = await startAnvil();
}, 60_000);
afterAll(async () => {
  await harness.close();
  await anvil.stop();
});

beforeEach(async () => {
  [first, second] = [await startFlakyProxy(anvil.url), await startFlakyProxy(anvil.url)];
  template = await harness.createDataDir(`[rpc.ethereum]\nlocalnet = ["${first.url}", "${second.url}"]`);
  const daemon = await harness.start(template);
  payer = await createEvmPayer(daemon);
  await daemon.stop();
}, 60_000);
afterEach(() => Promise.all([first.close(), second.close()]));

async function createEvmPayer(daemon: DaemonProcess): Promise<Payer> {
  const created = await daemon.operate('POST', '/v1/agents', { name: 'payer', chain: 'ethereum', network: 'localnet' });
  const agent = z.object({ id: z.string(), publicKey: z.string() }).parse(created.body);
  await anvil.fund(agent.publicKey, 1_000n * ETHER);
  return { agentId: agent.id, address: agent.publicKey, ...(await createSession(daemon, agent.id)) };
}

const stranger = (): string => privateKeyToAddress(generatePrivateKey());
const ask = (daemon: DaemonProcess, to: string) =>
  daemon.client(payer.token).sendToken({ to, amount: AMOUNT }, { idempotencyKey: `payment to ${to}` });

async function pay(daemon: DaemonProcess, to: string) {
  const { transactionId } = await ask(daemon, to);
  return daemon.client(payer.token).waitForTransaction(transactionId, { timeout: 60_000 });
}

test('an agent on a local node has an address with a checksum, a balance, and pays at once', async () => {
  const daemon = await harness.start(harness.copyDataDir(template));
  const client = daemon.client(payer.token);
  expect(payer.address).toMatch(/^0x[0-9a-fA-F]{40}$/);
  expect(await client.getAddress()).toMatchObject({ address: payer.address, chain: 'ethereum', network: 'localnet' });
  expect(await client.getBalance()).toMatchObject({
    balance: (1_000n * ETHER).toString(),
    symbol: 'ETH',
    decimals: 18,
  });
  const to = stranger();
  const paid = await pay(daemon, to);
  expect(paid).toMatchObject({
    status: 'CONFIRMED',
    tier: 'INSTANT',
    txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
  });
  expect(await anvil.balance(to)).toBe(AMOUNT);
  expect(await daemon.stop()).toBe(0);
}, 120_000);

test('twenty payments at once are paid once each, with twenty nonces', async () => {
  const daemon = await harness.start(harness.copyDataDir(template));
  const to = stranger();
  const client = daemon.client(payer.token);
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      client.sendToken({ to, amount: 1_000n }, { idempotencyKey: `one of twenty, number ${n}` }),
    ),
  );
  const ends = await Promise.all(
    sent.map(({ transactionId }) => client.waitForTransaction(transactionId, { timeout: 120_000 })),
  );
  const paid = ends.filter(({ status }) => status === 'CONFIRMED').length;
  expect(paid).toBe(20);
  expect(await anvil.balance(to)).toBe(20_000n);
  expect(BigInt(await anvil.rpc<string>('eth_getTransactionCount', payer.address, 'latest'))).toBe(20n);
  await daemon.stop();
}, 180_000);

test.each(['lose-answer', 'drop'] as const)(
  'the first endpoint dies while a payment is sent (%s): paid once, by the second',
  async (mode) => {
    const dataDir = harness.copyDataDir(template);
    const daemon = await harness.start(dataDir);
    first.decide = (method) => {
      if (method !== 'eth_sendRawTransaction') return 'pass';
      first.decide = () => 'drop';
      return mode;
    };
    const to = stranger();
    expect(await pay(daemon, to)).toMatchObject({ status: 'CONFIRMED' });
    expect(await anvil.balance(to)).toBe(AMOUNT);
    await daemon.stop();
  },
  120_000,
);

test('nodes that are gone for a while cost nothing: what was sent is followed to its end', async () => {
  const daemon = await harness.start(harness.copyDataDir(template));
  const to = stranger();
  let answersLost = -1;
  const gone = (method: string) => {
    // From the sending on, six answers in a row are lost, that of the sending among them.
    if (method === 'eth_sendRawTransaction' && answersLost === -1) answersLost = 0;
    if (answersLost === -1 || answersLost >= 6) return 'pass' as const;
    answersLost += 1;
    return 'lose-answer' as const;
  };
  first.decide = gone;
  second.decide = gone;
  const { transactionId } = await ask(daemon, to);
  const end = await daemon.client(payer.token).waitForTransaction(transactionId, { timeout: 120_000 });
  expect(end).toMatchObject({ status: 'CONFIRMED' });
  expect(answersLost).toBe(6);
  expect(await anvil.balance(to)).toBe(AMOUNT);
  await daemon.stop();
}, 180_000);

describe('killed with SIGKILL at any boundary', () => {
  async function killAt(boundary: number): Promise<void> {
    const dataDir = harness.copyDataDir(template);
    const to = stranger();
    const dying = await harness.start(dataDir);
    await dying.arm(boundary);
    const lost = await ask(dying, to).catch((error: unknown) => error);
    expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' });

    const restarted = await harness.start(dataDir);
    const client = restarted.client(payer.token);
    const answer = await pay(restarted, to).catch((error: unknown) => error);
    const { transactions } = await client.listTransactions({ limit: 100 });
    const mine = transactions.filter((transaction) => transaction.toAddress === to);
    const where = `boundary ${boundary}: ${String(lost)}, answered ${String(answer)}`;
    expect(mine, where).toHaveLength(1);
    const [transaction] = mine;
    if (transaction === undefined) throw new Error('unreachable');
    const end = await client.waitForTransaction(transaction.transactionId, { timeout: 60_000 });
    expect(TERMINAL).toContain(end.status);
    expect(await anvil.balance(to), where).toBe(end.status === 'CONFIRMED' ? AMOUNT : 0n);

    // No nonce was left out or given twice: the next payment goes through.
    const next = stranger();
    expect(await pay(restarted, next), where).toMatchObject({ status: 'CONFIRMED' });
    expect(await anvil.balance(next)).toBe(AMOUNT);
    expect(await restarted.stop()).toBe(0);
    const remains = await readRemains(dataDir);
    const row = remains.transactions.find(({ to_address }) => to_address === to);
    expect(row).toMatchObject({ reserved_amount: null, signed_tx: null });
    expect(remains.ledgerFaults).toBe(0);
  }

  test('a payment is paid at most once, and no nonce is lost or used twice', async () => {
    const daemon = await harness.start(harness.copyDataDir(template));
    await daemon.arm('never');
    expect(await pay(daemon, stranger())).toMatchObject({ status: 'CONFIRMED' });
    const boundaries = (await daemon.boundaries()).length;
    await daemon.stop();
    expect(boundaries).toBeGreaterThan(14);
    // One after the other: they share a wallet, and a wallet belongs to one daemon.
    for (let boundary = 1; boundary <= boundaries; boundary++) await killAt(boundary);
  }, 600_000);
});
