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

  test('a refusal of the first is final: nobody else is asked', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    first.say('sendTransaction', { error: { code: -32002, message: 'x', data: { err: 'InsufficientFundsForFee' } } });
    await expect(adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
    });
    expect(second.calls).not.toContain('sendTransaction');
  });

  test('a first that lags behind and knows no blockhash is passed over', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    first.say('sendTransaction', { error: { code: -32002, message: 'x', data: { err: 'BlockhashNotFound' } } });
    expect(await adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: false });
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
    const says = (value: unknown): void =>
      first.say('getSignatureStatuses', { result: { context: { slot: FAR }, value: [value] } });
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
    const ask = ({ txHash, bytes, lastValidBlockHeight = 0n }: SignedTransaction, timeoutMs = 0) =>
      adapter.waitForConfirmation(txHash, { bytes, timeoutMs, lastValidBlockHeight });

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

    test('nor where it has named a last block that is none', async () => {
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
      for (let looks = 0; looks < 6; looks += 1) expect(await ask(signed)).toEqual({ verdict: 'unknown' });
      await handOn(signed);
      expect(await ask(signed)).toMatchObject({ verdict: 'confirmed' });
    });

    test('is believed once it cannot land any more', async () => {
      const signed = await withheld();
      world.localnet.advanceSlots(400);
      expect(await ask(signed)).toMatchObject({ verdict: 'failed' });
    });

    test('is not believed because another one turns a single request away', async () => {
      const signed = await withheld();
      second.say('getSignatureStatuses', { error: { code: 429, message: 'Too many requests' } });
      for (let looks = 0; looks < 6; looks += 1) expect(await ask(signed)).toEqual({ verdict: 'unknown' });
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

  test('what none of them knows does expire', async () => {
    await adapter.connect();
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const signed = await adapter.signTransaction(built, from.sign);
    world.localnet.advanceSlots(400);
    expect(
      await adapter.waitForConfirmation(signed.txHash, { lastValidBlockHeight: signed.lastValidBlockHeight ?? 0n }),
    ).toMatchObject({ verdict: 'expired' });
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
