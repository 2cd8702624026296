import { type Anvil, type FlakyProxy, startAnvil, startFlakyProxy } from '@waiaas/anvil';
import { bytesToHex } from 'viem';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createSession, type DaemonProcess, type Harness, type Payer } from './harness.ts';
import { readRemains } from './ledger-truth.ts';
import { recoverHere } from './local-recovery.ts';

/*
 * The real daemon on a real EVM node: payments over HTTP, an endpoint that dies in the middle, SIGKILL at every call to the
 * chain and every unit of work from the first of them on. What comes before is the same on all chains, and `crash-matrix` has
 * it; WAIAAS_CHAOS=full repeats it here. Two endpoints stand in front of one node. Daemons run on copies of one directory,
 * and no two of them at once with the same wallet: a wallet belongs to one daemon.
 */

const IS_FULL = process.env.WAIAAS_CHAOS === 'full';
/** A slice of it is over in minutes; all of it takes as long as it takes. */
const LIMIT_MS = IS_FULL ? 7_200_000 : 600_000;

const ETHER = 10n ** 18n;
const AMOUNT = ETHER / 100n;
const TERMINAL = ['CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED'];

let harness: Harness;
let anvil: Anvil;
let first: FlakyProxy;
let second: FlakyProxy;
let template: string;
/** The daemon of all that is not killed. */
let daemon: DaemonProcess;
/** Places at which a daemon is killed: their number, counted from the request on, and what comes there. */
let boundaries: readonly (readonly [number: number, name: string])[];
/** Who pays where nobody is killed, and who pays where somebody is: two at a time, the machine may have no more. */
let payer: Payer;
let victims: readonly [Payer, Payer];

beforeAll(async () => {
  harness = await createHarness();
  anvil = await startAnvil();
  [first, second] = [await startFlakyProxy(anvil.url), await startFlakyProxy(anvil.url)];
  template = await harness.createDataDir(`[rpc.ethereum]\nlocalnet = ["${first.url}", "${second.url}"]`);
  const original = await harness.start(template);
  payer = await createEvmPayer(original);
  victims = [await createEvmPayer(original), await createEvmPayer(original)];
  await original.arm('never');
  expect(await pay(original, payer, stranger())).toMatchObject({ status: 'CONFIRMED' });
  const names = await original.boundaries();
  for (const call of ['buildTransaction', 'simulateTransaction', 'signTransaction', 'submitTransaction']) {
    expect(names).toContain(`before ${call}`);
    expect(names).toContain(`after ${call}`);
  }
  const start = names.indexOf('before buildTransaction');
  // Between the end of one step and the beginning of the next nothing happens that would outlive the process.
  const isWorthIt = (index: number): boolean =>
    IS_FULL || index === start || (index > start && names[index]?.startsWith('after ') === true);
  boundaries = [...names.entries()].filter(([index]) => isWorthIt(index)).map(([index, name]) => [index + 1, name]);
  await original.stop();
  daemon = await harness.start(harness.copyDataDir(template));
}, 120_000);
beforeEach(() => {
  for (const endpoint of [first, second]) endpoint.decide = () => 'pass';
});
afterAll(async () => {
  await harness.close();
  await Promise.all([first.close(), second.close()]);
  await anvil.stop();
});

async function createEvmPayer(daemon: DaemonProcess): Promise<Payer> {
  const created = await daemon.operate('POST', '/v1/agents', { name: 'payer', chain: 'ethereum', network: 'localnet' });
  const agent = z.object({ id: z.string(), publicKey: z.string() }).parse(created.body);
  await anvil.fund(agent.publicKey, 1_000n * ETHER);
  return { agentId: agent.id, address: agent.publicKey, ...(await createSession(daemon, agent.id)) };
}

const stranger = (): string => privateKeyToAddress(generatePrivateKey());
/** How many nonces of a wallet the chain has seen. */
const noncesOf = async ({ address }: Payer): Promise<bigint> =>
  BigInt(await anvil.rpc<string>('eth_getTransactionCount', address, 'latest'));
const ask = (daemon: DaemonProcess, { token }: Payer, to: string) =>
  daemon.client(token).sendToken({ to, amount: AMOUNT }, { idempotencyKey: `payment to ${to}` });

async function pay(daemon: DaemonProcess, payer: Payer, to: string) {
  const { transactionId } = await ask(daemon, payer, to);
  return daemon.client(payer.token).waitForTransaction(transactionId, { timeout: 60_000 });
}

test('an agent on a local node has an address with a checksum, a balance, and pays at once', async () => {
  const client = daemon.client(payer.token);
  const held = await anvil.balance(payer.address);
  expect(payer.address).toMatch(/^0x[0-9a-fA-F]{40}$/);
  expect(await client.getAddress()).toMatchObject({ address: payer.address, chain: 'ethereum', network: 'localnet' });
  expect(await client.getBalance()).toMatchObject({
    balance: held.toString(),
    symbol: 'ETH',
    decimals: 18,
  });
  const to = stranger();
  expect(await pay(daemon, payer, to)).toMatchObject({
    status: 'CONFIRMED',
    tier: 'INSTANT',
    txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
  });
  expect(await anvil.balance(to)).toBe(AMOUNT);
}, 120_000);

test('twenty payments at once are paid once each, with twenty nonces', async () => {
  const [to, before] = [stranger(), await noncesOf(payer)];
  const client = daemon.client(payer.token);
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      client.sendToken({ to, amount: 1_000n }, { idempotencyKey: `one of twenty, number ${n}` }),
    ),
  );
  const ends = await Promise.all(
    sent.map(({ transactionId }) => client.waitForTransaction(transactionId, { timeout: 120_000 })),
  );
  expect(ends.filter(({ status }) => status === 'CONFIRMED')).toHaveLength(20);
  expect(await anvil.balance(to)).toBe(20_000n);
  expect((await noncesOf(payer)) - before).toBe(20n);
}, 180_000);

test('under load nothing is signed once the kill switch has answered, and its nonces go on after the recovery', async () => {
  const dataDir = harness.copyDataDir(template);
  const stopped = await harness.start(dataDir);
  // A wallet of its own: the others belong to the daemon beside it.
  const loaded = await createEvmPayer(stopped);
  const client = stopped.client(loaded.token);
  let loading = true;
  let paid = 0;
  const clients = Array.from({ length: 4 }, async () => {
    while (loading) {
      const isPaid = await client.sendToken({ to: stranger(), amount: 1_000n }).then(
        ({ status }) => status === 'CONFIRMED',
        () => false,
      );
      if (isPaid) paid += 1;
    }
  });
  await expect.poll(() => paid, { timeout: 60_000, interval: 10 }).toBeGreaterThan(3);
  expect((await stopped.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' })).status).toBe(200);
  await Promise.all(Array.from({ length: 20 }, () => fetch(`${stopped.url}/health`)));
  loading = false;
  await Promise.all(clients);
  expect(await stopped.countLateSignatures()).toBe(0);
  expect(await recoverHere(stopped, dataDir)).toMatchObject({ status: 200 });
  const again = { ...loaded, ...(await createSession(stopped, loaded.agentId)) };
  expect(await pay(stopped, again, stranger())).toMatchObject({ status: 'CONFIRMED' });
  await stopped.stop();
}, 120_000);

test.each(['lose-answer', 'drop'] as const)(
  'the first endpoint dies while a payment is sent (%s): paid once, by the second',
  async (mode) => {
    // Back for as long as it takes to be used again: a daemon that passes it over would not come upon the trap.
    const isUsed = async (): Promise<boolean> => {
      const { eth_getBalance: before = 0 } = first.calls;
      await daemon.client(payer.token).getBalance();
      return (first.calls.eth_getBalance ?? 0) > before;
    };
    await expect.poll(isUsed, { timeout: 30_000, interval: 100 }).toBe(true);
    const { eth_sendRawTransaction: sent = 0 } = first.calls;
    first.decide = (method) => {
      if (method !== 'eth_sendRawTransaction') return 'pass';
      first.decide = () => 'drop';
      return mode;
    };
    const to = stranger();
    expect(await pay(daemon, payer, to)).toMatchObject({ status: 'CONFIRMED' });
    expect(await anvil.balance(to)).toBe(AMOUNT);
    expect(first.calls.eth_sendRawTransaction).toBeGreaterThan(sent);
  },
  120_000,
);

test('nodes that are gone for a while cost nothing: what was sent is followed to its end', async () => {
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
  const { transactionId } = await ask(daemon, payer, to);
  const end = await daemon.client(payer.token).waitForTransaction(transactionId, { timeout: 120_000 });
  expect(end).toMatchObject({ status: 'CONFIRMED' });
  expect(answersLost).toBe(6);
  expect(await anvil.balance(to)).toBe(AMOUNT);
  expect(await daemon.stop()).toBe(0);
}, 180_000);

test('a node refuses a payment, keeps it, and sends it on half an hour later: it counts, and is told of', async () => {
  const dataDir = harness.copyDataDir(template);
  const deceived = await harness.start(dataDir, { CHAOS_LATE_CHECK_MS: '50' });
  const victim = await createEvmPayer(deceived);
  const to = stranger();
  let kept: unknown;
  const refuse = (method: string, [bytes]: readonly unknown[]) => {
    if (method !== 'eth_sendRawTransaction') return 'pass' as const;
    kept ??= bytes;
    return { answer: { error: { code: -32_000, message: 'txpool is full' } } };
  };
  for (const endpoint of [first, second]) endpoint.decide = refuse;
  await expect(ask(deceived, victim, to)).rejects.toMatchObject({ code: 'CHAIN_ERROR' });
  for (const endpoint of [first, second]) endpoint.decide = () => 'pass';

  const looks = (): number =>
    [first, second].reduce((sum, { calls }) => sum + (calls.eth_getTransactionReceipt ?? 0), 0);
  for (const seconds of [700, 1400]) {
    const before = looks();
    await deceived.advance(seconds);
    await expect.poll(looks, { timeout: 30_000 }).toBeGreaterThan(before);
  }
  await anvil.rpc('eth_sendRawTransaction', kept);
  await anvil.mine(3);
  expect(await anvil.balance(to)).toBe(AMOUNT);
  await deceived.advance(7200);
  const told = async (): Promise<unknown> =>
    (await deceived.operate('GET', '/v1/owner/audit-log?event=TX_LATE_LANDING')).body;
  await expect.poll(told, { timeout: 30_000 }).toMatchObject({ entries: [{ severity: 'critical' }] });
  // Its nonce is used, and the next payment takes the one after it.
  expect(await pay(deceived, victim, stranger())).toMatchObject({ status: 'CONFIRMED' });
  expect(await noncesOf(victim)).toBe(2n);
  await deceived.stop();
  const { usage, ledgerFaults } = await readRemains(dataDir);
  expect(usage).toContainEqual(expect.objectContaining({ totalTx: 2, totalAmount: String(2n * AMOUNT) }));
  expect(ledgerFaults).toBe(0);
}, 120_000);

test('an endpoint refuses a payment: another one takes it, and it has not failed before that one has had its say', async () => {
  const dataDir = harness.copyDataDir(template);
  const careful = await harness.start(dataDir);
  const victim = await createEvmPayer(careful);
  const SEND = 'eth_sendRawTransaction';
  const sends = (): number => first.calls[SEND] ?? 0;
  first.decide = (method) =>
    method === SEND ? { answer: { error: { code: -32_000, message: 'txpool is full' } } } : 'pass';
  expect(await pay(careful, victim, stranger())).toMatchObject({ status: 'CONFIRMED' });

  second.decide = () => 'drop';
  const to = stranger();
  // Nobody waits for the answer: it comes when the payment has ended.
  ask(careful, victim, to).catch(() => undefined);
  const status = async (): Promise<string | undefined> => {
    const { transactions } = await careful.client(victim.token).listTransactions({ limit: 100 });
    return transactions.find(({ toAddress }) => toAddress === to)?.status;
  };
  await expect.poll(status, { timeout: 30_000 }).toBe('SUBMITTED');
  const before = sends();
  await careful.advance(300);
  await expect.poll(sends, { timeout: 60_000 }).toBeGreaterThan(before);
  expect(await status()).toBe('SUBMITTED');
  // Not so far that it counts as not asked for long, should that have been sent before the clock was put on.
  await careful.advance(310);
  await expect.poll(status, { timeout: 60_000 }).toBe('FAILED');

  for (const endpoint of [first, second]) endpoint.decide = () => 'pass';
  expect(await pay(careful, victim, stranger())).toMatchObject({ status: 'CONFIRMED' });
  expect([await noncesOf(victim), await anvil.balance(to)]).toEqual([2n, 0n]);
  await careful.stop();
  expect(await readRemains(dataDir)).toMatchObject({ ledgerFaults: 0 });
}, 180_000);

describe('a payment that the market has left behind', () => {
  const GWEI = 10n ** 9n;
  let dataDir: string;
  let daemon: DaemonProcess;
  let victim: Payer;
  /** How much the daemon's clock is ahead, seconds. */
  let ahead = 0;

  /** Makes a block of this base fee: without what offers less. */
  async function mineAt(baseFee: bigint): Promise<void> {
    await anvil.rpc('anvil_setNextBlockBaseFeePerGas', `0x${baseFee.toString(16)}`);
    await anvil.mine();
  }
  const restart = async (): Promise<void> => {
    daemon = await harness.start(dataDir, {}, ahead);
  };
  const statusOf = async (id: string): Promise<string> => (await daemon.client(victim.token).getTransaction(id)).status;
  /** Sends a payment, and lets fees rise above it and time pass until something is to be done about it. */
  async function stuck(to: string): Promise<string> {
    await mineAt(GWEI);
    // Fees that were asked for a moment ago are not asked for again.
    await passTime(3);
    // Nobody waits for the answer: it comes when the payment has ended, or never.
    ask(daemon, victim, to).catch(() => undefined);
    const sent = async (): Promise<string | undefined> => {
      const { transactions } = await daemon.client(victim.token).listTransactions({ limit: 100 });
      return transactions.find(({ toAddress, status }) => toAddress === to && status === 'SUBMITTED')?.transactionId;
    };
    await expect.poll(sent, { timeout: 30_000 }).toBeDefined();
    await mineAt(100n * GWEI);
    return (await sent()) ?? '';
  }
  async function passTime(seconds = 400): Promise<void> {
    ahead += seconds;
    await daemon.advance(seconds);
  }
  /** Makes blocks, each of a base fee that only a replacement pays, until the payment has ended. */
  async function ended(id: string, baseFee = 60n * GWEI) {
    const end = async (): Promise<string> => {
      await mineAt(baseFee);
      return statusOf(id);
    };
    await expect.poll(end, { timeout: 60_000, interval: 200 }).toBe('CONFIRMED');
    return daemon.client(victim.token).getTransaction(id);
  }

  beforeAll(async () => {
    dataDir = harness.copyDataDir(template);
    [victim] = victims;
    await restart();
    await anvil.rpc('evm_setAutomine', false);
  }, 60_000);
  afterAll(async () => {
    await daemon.stop();
    await anvil.rpc('evm_setAutomine', true);
  });

  test('is signed again for a higher fee, killed at each step of that, and paid once', async () => {
    const steps = [
      ['after buildReplacement'],
      ['before signTransaction'],
      ['after signTransaction'],
      ['after signTransaction', 'before submitTransaction'],
      ['after signTransaction', 'after submitTransaction'],
    ];
    for (const step of IS_FULL ? steps : steps.slice(2, 4)) {
      const [to, before] = [stranger(), await noncesOf(victim)];
      const id = await stuck(to);
      const { txHash } = await daemon.client(victim.token).getTransaction(id);
      await daemon.arm(step);
      await passTime();
      expect(await daemon.ended).toMatchObject({ signal: 'SIGKILL' });
      await restart();
      // Where it was not on record yet, it is time now, and otherwise after as long again.
      await passTime();
      const end = await ended(id);
      const where = step.join(', ');
      expect(end.txHash, where).not.toBe(txHash);
      expect(await anvil.balance(to), where).toBe(AMOUNT);
      expect((await noncesOf(victim)) - before, where).toBe(1n);
    }
  }, 300_000);

  test('is not signed again while the kill switch is engaged, and is seen when it lands', async () => {
    const to = stranger();
    const id = await stuck(to);
    const { txHash } = await daemon.client(victim.token).getTransaction(id);
    const before = await daemon.countSignatures();
    expect(await daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' })).toMatchObject({ status: 200 });
    await passTime();
    // What was sent may land, and does, whatever the daemon is doing.
    await mineAt(GWEI);
    const { transactions } = await readRemains(dataDir);
    const bytes = transactions.find((row) => row.id === id)?.signed_tx ?? Uint8Array.of();
    // A pool that still has it says so.
    await anvil.rpc('eth_sendRawTransaction', bytesToHex(bytes)).catch(() => undefined);
    await mineAt(GWEI);
    expect(await anvil.balance(to)).toBe(AMOUNT);
    expect(await recoverHere(daemon, dataDir)).toMatchObject({ status: 200 });
    expect(await daemon.countSignatures()).toBe(before);
    const seen = async (): Promise<unknown> => (await daemon.operate('GET', `/v1/owner/transactions/${id}`)).body;
    await expect.poll(seen, { timeout: 30_000 }).toMatchObject({ status: 'CONFIRMED', txHash });
  }, 120_000);
});

describe('killed with SIGKILL at a boundary', () => {
  /** Kills a daemon, starts another one on what it left, and looks at what became of the payment. @returns the other one */
  async function killAt(
    dataDir: string,
    dying: DaemonProcess,
    victim: Payer,
    [boundary, name]: readonly [number, string],
  ): Promise<DaemonProcess> {
    const [to, before] = [stranger(), await noncesOf(victim)];
    await dying.arm(boundary);
    const lost = await ask(dying, victim, to).catch((error: unknown) => error);
    expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' });

    const restarted = await harness.start(dataDir);
    const client = restarted.client(victim.token);
    const answer = await pay(restarted, victim, to).catch((error: unknown) => error);
    const { transactions } = await client.listTransactions({ limit: 100 });
    const mine = transactions.filter((transaction) => transaction.toAddress === to);
    const where = `${boundary} (${name}): ${String(lost)}, answered ${String(answer)}`;
    expect(mine, where).toHaveLength(1);
    const [transaction] = mine;
    if (transaction === undefined) throw new Error('unreachable');
    const end = await client.waitForTransaction(transaction.transactionId, { timeout: 60_000 });
    expect(TERMINAL).toContain(end.status);
    expect(await anvil.balance(to), where).toBe(end.status === 'CONFIRMED' ? AMOUNT : 0n);

    // No nonce was left out or given twice: the next payment goes through.
    const next = stranger();
    expect(await pay(restarted, victim, next), where).toMatchObject({ status: 'CONFIRMED' });
    expect(await anvil.balance(next)).toBe(AMOUNT);
    expect((await noncesOf(victim)) - before, where).toBe(end.status === 'CONFIRMED' ? 2n : 1n);
    return restarted;
  }

  test(
    'a payment is paid at most once, and no nonce is lost or used twice',
    async () => {
      expect(boundaries.length).toBeGreaterThan(7);
      const left = [...boundaries];
      // Each daemon that was started after a death is the next to die, so that what one leaves is what the next one finds.
      const killAll = async (victim: Payer): Promise<void> => {
        const dataDir = harness.copyDataDir(template);
        let daemon = await harness.start(dataDir);
        for (let one = left.shift(); one !== undefined; one = left.shift()) {
          daemon = await killAt(dataDir, daemon, victim, one);
        }
        expect(await daemon.stop()).toBe(0);
        const { transactions, ledgerFaults } = await readRemains(dataDir);
        for (const row of transactions) expect(row).toMatchObject({ reserved_amount: null, signed_tx: null });
        expect(ledgerFaults).toBe(0);
      };
      await Promise.all(victims.map(killAll));
    },
    LIMIT_MS,
  );
});
