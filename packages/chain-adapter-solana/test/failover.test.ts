import type { IChainAdapter, SignedTransaction } from '@waiaas/core';
import { type Relay, startRelay } from '@waiaas/localnet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSolanaAdapter } from '../src/adapter.ts';
import type { SolanaAdapterOptions } from '../src/options.ts';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';

let world: World;
let first: Relay;
let second: Relay;
let adapter: IChainAdapter;
let from: Wallet;
let to: Wallet;

const adapterOn = (endpoints: readonly string[], options: Partial<SolanaAdapterOptions> = {}): IChainAdapter =>
  createSolanaAdapter({
    network: 'localnet',
    endpoints,
    clock: world.clock,
    logger: world.logger,
    sleep: world.sleep,
    timeouts: { readMs: 3_000, sendMs: 3_000 },
    ...options,
  });

beforeEach(async () => {
  world = await createWorld({ ledger: { finalizeAfterSlots: 8 } });
  [first, second] = [await startRelay(world.localnet.rpcUrl), await startRelay(world.localnet.rpcUrl)];
  [from, to] = [await world.funded(), await createWallet()];
  adapter = adapterOn([first.url, second.url]);
});
afterEach(async () => {
  await adapter.disconnect();
  await Promise.all([first.close(), second.close()]);
  await world.close();
});

/** The whole way of a payment, as its owner would go it: nothing is signed twice, the same bytes are sent until settled. */
async function pay(amount = SOL): Promise<string> {
  const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount, memo: 'invoice 7' });
  const simulated = await adapter.simulateTransaction(built);
  expect(simulated).toMatchObject({ success: true });
  const signed = await adapter.signTransaction(built, from.sign);
  await adapter.submitTransaction(signed);
  const verdict = await adapter.waitForConfirmation(signed.txHash, {
    lastValidBlockHeight: signed.lastValidBlockHeight ?? 0n,
  });
  expect(verdict).toMatchObject({ verdict: 'confirmed', fee: expect.any(BigInt) });
  return signed.txHash;
}

const landings = () => world.localnet.report().landed.filter(({ source }) => source === 'sendTransaction');

describe('the first endpoint dies in the middle of a payment', () => {
  const STEPS = [
    'getLatestBlockhash',
    'getMinimumBalanceForRentExemption',
    'getMultipleAccounts',
    'getRecentPrioritizationFees',
    'simulateTransaction',
    'sendTransaction',
    'getSignatureStatuses',
    'getTransaction',
  ];
  test.each(STEPS.flatMap((method) => [[method, 'before'] as const, [method, 'after'] as const]))(
    'at %s, %s the node has executed it: paid once, by the second',
    async (method, moment) => {
      await adapter.connect();
      first.dieAt(method, moment);
      const txHash = await pay();
      expect(first.calls).toContain(method);
      expect(landings().map(({ signature }) => signature)).toEqual([txHash]);
      expect(await world.balance(to.address)).toBe(SOL);
      expect(world.localnet.report().accepted).toHaveLength(1);
    },
  );

  test('by falling silent: paid once, by the second, and the silence is waited out once', async () => {
    adapter = adapterOn([first.url, second.url], { timeouts: { readMs: 400, sendMs: 400 } });
    await adapter.connect();
    first.hang();
    await pay();
    expect(await world.balance(to.address)).toBe(SOL);
    expect(landings()).toHaveLength(1);
    const asked = first.calls.length;
    await pay(2n * SOL);
    expect(first.calls.length).toBe(asked);
  });

  test('the bytes that the second gets are the very same', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    first.dieAt('sendTransaction', 'after');
    expect(await adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: true });
    expect(world.localnet.report().accepted).toEqual([{ signature: signed.txHash, times: 1 }]);
  });

  test('and everything is stopped meanwhile: the second gets nothing', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    first.dieAt('sendTransaction', 'before');
    await expect(adapter.submitTransaction(signed, () => false)).rejects.toMatchObject({ mayHaveLanded: true });
    expect(second.calls).not.toContain('sendTransaction');
  });

  test('and the second refuses what the first may have landed: that proves nothing', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    first.dieAt('sendTransaction', 'after');
    second.say('sendTransaction', { error: { code: -32002, message: 'x', data: { err: 'InsufficientFundsForFee' } } });
    await expect(adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: true,
    });
    expect(await adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
  });

  test('a first that lags behind and knows no blockhash is passed over', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    first.say('sendTransaction', { error: { code: -32002, message: 'x', data: { err: 'BlockhashNotFound' } } });
    expect(await adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: false });
  });
});

describe('an endpoint refuses a payment', () => {
  const NO_FUNDS = { error: { code: -32002, message: 'x', data: { err: 'InsufficientFundsForFee' } } };
  const BAD_SIGNATURE = { error: { code: -32003, message: 'x' } };
  async function signedPayment(): Promise<SignedTransaction> {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    return await adapter.signTransaction(built, from.sign);
  }

  test('the next one is offered it, and takes it', async () => {
    const signed = await signedPayment();
    first.say('sendTransaction', NO_FUNDS);
    expect(await adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: false });
    expect(landings().map(({ signature }) => signature)).toEqual([signed.txHash]);
    expect(await adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
  });

  test.each([
    ['for want of money', NO_FUNDS],
    ['for its signature', BAD_SIGNATURE],
  ])('all refuse it %s: one of them may have kept it, so that only the blocks can prove it over', async (_, answer) => {
    const signed = await signedPayment();
    first.say('sendTransaction', answer);
    second.say('sendTransaction', answer);
    await expect(adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
    expect(second.calls.filter((method) => method === 'sendTransaction')).toHaveLength(1);
    const { lastValidBlockHeight = 0n, bytes } = signed;
    const waiting = { lastValidBlockHeight, bytes, timeoutMs: 120_000 };
    expect(await adapter.waitForConfirmation(signed.txHash, waiting)).toMatchObject({ verdict: 'expired' });
  });

  test('the error is that of the first one that looked at it', async () => {
    const signed = await signedPayment();
    first.say('sendTransaction', { error: { code: -32603, message: 'x' } });
    second.say('sendTransaction', NO_FUNDS);
    await expect(adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: true,
    });
  });

  test('another one does not answer, or is left alone because it has failed: nothing is final', async () => {
    const signed = await signedPayment();
    first.say('sendTransaction', NO_FUNDS);
    second.die();
    await adapter.getHealth();
    await expect(adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: true,
    });
  });

  test('and everything is stopped meanwhile: the second gets nothing, and nothing is final', async () => {
    const signed = await signedPayment();
    first.say('sendTransaction', NO_FUNDS);
    await expect(adapter.submitTransaction(signed, () => false)).rejects.toMatchObject({ mayHaveLanded: true });
    expect(second.calls).not.toContain('sendTransaction');
  });

  test('the only other one serves another network: what the first says is final', async () => {
    second.say('getGenesisHash', { result: MAINNET });
    const signed = await signedPayment();
    await adapter.getHealth();
    first.say('sendTransaction', NO_FUNDS);
    await expect(adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
    });
    expect(second.calls).not.toContain('sendTransaction');
  });
});

describe('which endpoint is used', () => {
  test('the first, as long as it works', async () => {
    await adapter.connect();
    await pay();
    expect(second.calls).toEqual([]);
  });

  test.each([
    ['is overloaded', { error: { code: -32603, message: 'x' } }],
    ['is behind', { error: { code: -32005, message: 'behind', data: { numSlotsBehind: 42 } } }],
    ['talks nonsense', { result: 'surprise' }],
  ])('the second when the first %s; the first again once it works', async (_, answer) => {
    await adapter.connect();
    first.say('getBalance', answer);
    expect(await adapter.getBalance(from.address)).toMatchObject({ balance: 10n * SOL });
    expect(second.calls).toContain('getBalance');
    first.revive();
    const before = second.calls.length;
    await adapter.getBalance(from.address);
    expect(second.calls.length).toBe(before + 1);
    world.clock.advance(1_001);
    // The first is probed behind the back of this call, which is not kept waiting.
    await adapter.getBalance(from.address);
    await adapter.getHealth();
    const after = second.calls.length;
    await adapter.getBalance(from.address);
    expect(second.calls.length).toBe(after);
  });

  test('one that keeps failing is tried ever more rarely', async () => {
    await adapter.connect();
    first.die();
    for (let second = 0; second < 600; second += 1) {
      world.clock.advance(1_000);
      await adapter.getBalance(from.address);
    }
    const probes = world.logger.lines.filter(({ message }) => message === 'An RPC endpoint still fails');
    expect(probes.length).toBeGreaterThan(10);
    expect(probes.length).toBeLessThan(20);
  });

  test('any that there is, when all have failed: a breaker alone refuses nothing', async () => {
    await adapter.connect();
    first.die();
    second.die();
    await expect(adapter.getBalance(from.address)).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true });
    second.revive();
    expect(await adapter.getBalance(from.address)).toMatchObject({ balance: 10n * SOL });
  });

  test('connecting is enough with one of them, whichever it is', async () => {
    first.die();
    await adapter.connect();
    expect(adapter.isConnected()).toBe(true);
    await pay();
  });

  test('the health of all is asked; one that is well is enough', async () => {
    await adapter.connect();
    first.die();
    expect(await adapter.getHealth()).toMatchObject({ healthy: true });
    const asked = first.calls.length;
    await pay();
    expect(first.calls.length).toBe(asked);
    second.die();
    expect(await adapter.getHealth()).toMatchObject({ healthy: false });
    expect(adapter.isConnected()).toBe(true);
  });
});

describe('an endpoint of another network', () => {
  test('is never used, even when it is all that is left', async () => {
    second.say('getGenesisHash', { result: MAINNET });
    await adapter.connect();
    first.die();
    const built = adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    await expect(built).rejects.toMatchObject({ mayHaveLanded: false });
    expect(new Set(second.calls)).toEqual(new Set(['getHealth', 'getGenesisHash']));
    expect(world.logger.lines.some(({ level, fields }) => level === 'error' && 'host' in fields)).toBe(true);
    first.revive();
    await pay();
    expect(new Set(second.calls)).toEqual(new Set(['getHealth', 'getGenesisHash']));
  });

  test('fails the connecting that comes upon it', async () => {
    first.die();
    second.say('getGenesisHash', { result: MAINNET });
    await expect(adapter.connect()).rejects.toMatchObject({ code: 'WRONG_NETWORK', retryable: false });
    expect(adapter.isConnected()).toBe(false);
  });

  test('is noticed when one changes sides during an outage', async () => {
    await adapter.connect();
    first.say('getBalance', { error: { code: -32603, message: 'x' } });
    await adapter.getBalance(from.address);
    first.revive();
    first.say('getGenesisHash', { result: MAINNET });
    world.clock.advance(1_001);
    await adapter.getBalance(from.address);
    while (!world.logger.lines.some(({ level }) => level === 'error')) await new Promise(setImmediate);
    const asked = first.calls.length;
    world.clock.advance(3_600_000);
    await pay();
    expect(first.calls.length).toBe(asked);
  });
});

describe('a proof is made at one endpoint and may be overruled by another', () => {
  test('one that has lost its history does not make a landed payment expire', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    await adapter.submitTransaction(signed);
    world.localnet.advanceSlots(400);
    first.say('getSignatureStatuses', { result: { context: { slot: 10 ** 12 }, value: [null] } });
    const verdict = await adapter.waitForConfirmation(signed.txHash, {
      lastValidBlockHeight: signed.lastValidBlockHeight ?? 0n,
    });
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
  });

  test('one that calls it failed does not make a payment fail that another one knows to have succeeded', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    await adapter.submitTransaction(signed);
    world.localnet.advanceSlots(1);
    const err = { InstructionError: [0, { Custom: 1 }] };
    const status = { slot: 1, confirmations: null, confirmationStatus: 'finalized', err };
    first.say('getSignatureStatuses', { result: { context: { slot: 10 ** 12 }, value: [status] } });
    expect(await adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
  });

  describe('one that keeps a payment to itself and says that it has failed', () => {
    const FAR = 10 ** 12;
    /** Blocks go by, and the time they take. */
    const passes = (blocks: number): Promise<void> => world.sleep(blocks * 400);
    const says = (value: unknown): void =>
      first.say('getSignatureStatuses', { result: { context: { slot: FAR }, value: [value] } });
    /** What of a payment is at hand when it is asked about: late, its bytes are not. */
    type Asked = Pick<SignedTransaction, 'txHash' | 'lastValidBlockHeight'> & Partial<Pick<SignedTransaction, 'bytes'>>;
    /** The bytes are with it alone, and it says that they are in a final block. */
    async function withheld(slot = 1): Promise<SignedTransaction> {
      await adapter.connect();
      const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
      const signed = await adapter.signTransaction(built, from.sign);
      first.say('sendTransaction', { result: signed.txHash });
      await adapter.submitTransaction(signed);
      world.localnet.advanceSlots(10);
      const err = { InstructionError: [0, { Custom: 1 }] };
      says({ slot, confirmations: null, confirmationStatus: 'finalized', err });
      return signed;
    }
    /** It hands it on after all, and goes on saying what it said. */
    async function handOn(signed: SignedTransaction): Promise<void> {
      const other = adapterOn([second.url]);
      await other.connect();
      await other.submitTransaction(signed);
      await other.disconnect();
      world.localnet.advanceSlots(2);
    }
    const ask = ({ txHash, bytes, lastValidBlockHeight = 0n }: Asked, timeoutMs = 0) =>
      adapter.waitForConfirmation(txHash, {
        ...(bytes === undefined ? {} : { bytes }),
        timeoutMs,
        lastValidBlockHeight,
      });

    test('is not believed while another one says that it can still land; once that one sees it paid, it is', async () => {
      const signed = await withheld();
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      await handOn(signed);
      expect(await ask(signed)).toMatchObject({ verdict: 'confirmed' });
      expect(await world.balance(to.address)).toBe(SOL);
    });

    test('nor where it names a block that no other one has come to', async () => {
      const signed = await withheld(FAR);
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      await handOn(signed);
      expect(await ask(signed)).toMatchObject({ verdict: 'confirmed' });
    });

    test('nor where it says that the last block is long past', async () => {
      const signed = await withheld();
      says(null);
      first.say('getEpochInfo', { result: { blockHeight: FAR, absoluteSlot: FAR } });
      first.say('isBlockhashValid', { result: { context: { slot: FAR }, value: false } });
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      await handOn(signed);
      expect(await ask(signed)).toMatchObject({ verdict: 'confirmed' });
    });

    describe('nor where it has named a last block that is none', () => {
      /** The newest blockhash there is, with a last block that is long past, and nothing but words that it is over. */
      async function misled(order: readonly Relay[]): Promise<SignedTransaction> {
        const other = adapterOn([second.url]);
        await other.connect();
        const { metadata } = await other.buildTransaction({ from: from.address, to: to.address, amount: SOL });
        await other.disconnect();
        const value = { blockhash: metadata.blockhash, lastValidBlockHeight: 1 };
        first.say('getLatestBlockhash', { result: { context: { slot: 1 }, value } });
        const signed = await withheld();
        expect(signed.lastValidBlockHeight).toBe(1n);
        says(null);
        first.say('isBlockhashValid', { result: { context: { slot: FAR }, value: false } });
        await adapter.disconnect();
        adapter = adapterOn(order.map(({ url }) => url));
        await adapter.connect();
        return signed;
      }
      const ORDERS: readonly [string, () => readonly Relay[]][] = [
        ['it is asked first', () => [first, second]],
        ['the other one is asked first', () => [second, first]],
      ];
      const WAYS = ORDERS.flatMap(([name, order]) => [
        [name, 'by the bytes', order, true] as const,
        [name, 'without the bytes', order, false] as const,
      ]);

      test.each(WAYS)('%s, %s, and the other one does not know the blockhash yet', async (_, __, order, isKnown) => {
        const { bytes, ...rest } = await misled(order());
        const asked: Asked = isKnown ? { ...rest, bytes } : rest;
        second.say('isBlockhashValid', { result: { context: { slot: 1 }, value: false } });
        for (let looks = 0; looks < 12; looks += 1) {
          // It names whatever height makes its word count.
          first.say('getEpochInfo', { result: { blockHeight: 2 + looks * 1_000, absoluteSlot: FAR } });
          expect(await ask(asked)).toEqual({ verdict: 'unknown' });
          await passes(10);
        }
        second.say('isBlockhashValid', { result: { context: { slot: 1 }, value: true } });
        await handOn({ ...rest, bytes });
        expect(await ask(asked)).toMatchObject({ verdict: 'confirmed' });
        expect(await world.balance(to.address)).toBe(SOL);
      });

      test.each(WAYS)(
        '%s, %s: until it is over by what each of them has seen itself',
        async (_, __, order, isKnown) => {
          const { bytes, ...rest } = await misled(order());
          const asked: Asked = isKnown ? { ...rest, bytes } : rest;
          let blocks = 0;
          let verdict = await ask(asked);
          for (; verdict.verdict === 'unknown' && blocks < 1_000; blocks += 10) {
            await passes(10);
            verdict = await ask(asked);
          }
          expect(verdict).toMatchObject({ verdict: 'expired' });
          expect(blocks).toBeGreaterThanOrEqual(isKnown ? 190 : 340);
          expect(blocks).toBeLessThanOrEqual(isKnown ? 230 : 380);
        },
      );
    });

    test('nor does it hide, from who looks once, what another one has seen land', async () => {
      const signed = await withheld();
      says(null);
      first.say('getEpochInfo', { result: { blockHeight: 0, absoluteSlot: 1 } });
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      await handOn(signed);
      const { bytes: _, ...late } = signed;
      expect(await ask(late)).toMatchObject({ verdict: 'confirmed' });
    });

    test('is believed once each of the others has seen so many blocks that it cannot land any more', async () => {
      const signed = await withheld();
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      await passes(400);
      expect(await ask(signed)).toMatchObject({ verdict: 'failed' });
    });

    test('is not believed before, even where the other one is asked for the first time', async () => {
      const signed = await withheld();
      world.localnet.advanceSlots(400);
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
    });

    test('is not believed because another one turns a single request away', async () => {
      const signed = await withheld();
      second.say('getSignatureStatuses', { error: { code: 429, message: 'Too many requests' } });
      for (let looks = 0; looks < 6; looks += 1) expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      const warned = world.logger.lines.filter(({ level, fields }) => level === 'warn' && 'hosts' in fields);
      expect(warned.at(-1)?.fields).toMatchObject({ hosts: [new URL(second.url).host] });
    });

    test('nor because of a failure of another one hours ago, since when nobody has asked', async () => {
      second.die();
      await adapter.connect();
      await adapter.getHealth();
      world.clock.advance(5 * 3_600_000);
      const signed = await withheld();
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
    });

    test('is believed ten minutes after another one has begun to refuse this question, however well it seems', async () => {
      const signed = await withheld();
      second.say('getSignatureStatuses', { error: { code: 429, message: 'Too many requests' } });
      let minutes = 0;
      for (; (await ask(signed)).verdict === 'unknown' && minutes < 60; minutes += 1) {
        world.clock.advance(60_000);
        await adapter.getHealth();
      }
      expect(minutes).toBe(10);
    });

    test('is believed where no other one has answered for long, and no longer once one does that saw it paid', async () => {
      const signed = await withheld();
      second.die();
      expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      world.clock.advance(600_000);
      expect(await ask(signed)).toMatchObject({ verdict: 'failed' });
      second.revive();
      const other = adapterOn([second.url]);
      await other.connect();
      await other.submitTransaction(signed);
      await other.disconnect();
      world.localnet.advanceSlots(400);
      world.clock.advance(600_000);
      // It is probed behind the back of the first look.
      await ask(signed);
      await adapter.getHealth();
      expect(await ask(signed)).toMatchObject({ verdict: 'confirmed' });
    });
  });

  test('one that has stopped following the chain does not hide a confirmation', async () => {
    await adapter.connect();
    first.say('getSignatureStatuses', { result: { context: { slot: 1 }, value: [null] } });
    await pay();
  });

  describe('what none of them knows does expire', () => {
    test.each([2, 3])('with %i endpoints no later than a few seconds after its last block', async (count) => {
      const third = await startRelay(world.localnet.rpcUrl);
      adapter = adapterOn([first.url, second.url, third.url].slice(0, count));
      await adapter.connect();
      const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
      const { txHash, bytes, lastValidBlockHeight = 0n } = await adapter.signTransaction(built, from.sign);
      const since = world.clock.now();
      let verdict = await adapter.waitForConfirmation(txHash, { lastValidBlockHeight, bytes, timeoutMs: 5_000 });
      while (verdict.verdict === 'unknown' && world.clock.now() - since < 300_000) {
        verdict = await adapter.waitForConfirmation(txHash, { lastValidBlockHeight, bytes, timeoutMs: 5_000 });
      }
      expect(verdict).toMatchObject({ verdict: 'expired' });
      expect(world.clock.now() - since).toBeLessThan(90_000);
      await third.close();
    });

    test('nobody asks a single endpoint more than for its blocks', async () => {
      adapter = adapterOn([second.url]);
      await adapter.connect();
      const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
      const { txHash, bytes, lastValidBlockHeight = 0n } = await adapter.signTransaction(built, from.sign);
      world.localnet.advanceSlots(400);
      const waiting = { lastValidBlockHeight, bytes, timeoutMs: 0 };
      expect(await adapter.waitForConfirmation(txHash, waiting)).toMatchObject({ verdict: 'expired' });
      expect(second.calls).not.toContain('isBlockhashValid');
    });
  });
});

test('no secret of any endpoint is shown by anything', async () => {
  adapter = adapterOn([`${first.url}/?api-key=first-s3cret`, `${second.url}/?api-key=second-s3cret`]);
  await adapter.connect();
  first.die();
  second.die();
  const error = await adapter.getBalance(from.address).catch((thrown: unknown) => thrown);
  const shown = (value: unknown): string =>
    value instanceof Error ? `${value.message} ${value.stack} ${shown(value.cause)}` : JSON.stringify(value ?? null);
  expect(shown(error)).not.toContain('s3cret');
  for (const { fields } of world.logger.lines) expect(Object.values(fields).map(shown).join()).not.toContain('s3cret');
});
