import { type FlakyProxy, startFlakyProxy } from '@waiaas/anvil';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWallet, createWorld, type Wallet, type World } from './world.ts';

let world: World;
let first: FlakyProxy;
let second: FlakyProxy;
let payer: Wallet;
beforeEach(async () => {
  world = await createWorld({
    timeouts: { readMs: 25_000, sendMs: 5_000 },
    through: async (anvil) => {
      first = await startFlakyProxy(anvil.url);
      second = await startFlakyProxy(anvil.url);
      return [first.url, second.url];
    },
  });
  payer = await world.funded();
});
afterEach(async () => {
  await world.close();
  await Promise.all([first.close(), second.close()]);
});

const SEND = 'eth_sendRawTransaction';
const request = () => ({ to: createWallet().address, amount: 1n });
const total = (proxy: FlakyProxy): number => Object.values(proxy.calls).reduce((sum, n) => sum + n, 0);

describe('the first endpoint', () => {
  test('is the only one used while it works', async () => {
    const before = total(second);
    await world.pay(payer, request());
    expect(total(second)).toBe(before);
  });

  test.each(['build', 'simulate', 'sign', 'submit', 'confirm'])(
    'dies before %s: the payment is paid, once',
    async (step) => {
      const die = async (now: string): Promise<void> => (now === step ? first.close() : undefined);
      await die('build');
      const built = await world.adapter.buildTransaction({ from: payer.address, ...request() });
      await die('simulate');
      expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
      await die('sign');
      const signed = await world.adapter.signTransaction(built, payer.sign);
      world.record.add(payer.address, signed);
      await die('submit');
      await world.adapter.submitTransaction(signed);
      await die('confirm');
      expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
      expect(await world.nonce(payer.address)).toBe(1n);
      expect(await world.balance(built.request.to)).toBe(1n);
    },
  );

  test.each(['lose-answer', 'hang', 'drop'] as const)(
    'fails while it is sent to (%s): the same bytes go to the next',
    async (mode) => {
      const signed = await world.signed(payer, request());
      first.decide = (method) => (method === SEND ? mode : 'pass');
      await world.adapter.submitTransaction(signed);
      expect([first.calls[SEND], second.calls[SEND]]).toEqual([1, 1]);
      expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
      expect(await world.nonce(payer.address)).toBe(1n);
    },
  );

  test('fails while it is sent to, and everything is stopped meanwhile: the next gets nothing', async () => {
    const signed = await world.signed(payer, request());
    first.decide = (method) => (method === SEND ? 'hang' : 'pass');
    await expect(world.adapter.submitTransaction(signed, () => false)).rejects.toMatchObject({ mayHaveLanded: true });
    expect([first.calls[SEND], second.calls[SEND]]).toEqual([1, undefined]);
  });

  test('is left alone after three faults in a row, and used again when it has recovered', async () => {
    first.decide = () => 'drop';
    for (let i = 0; i < 4; i++) await world.balance(payer.address);
    const calls = total(first);
    await world.balance(payer.address);
    expect(total(first)).toBe(calls);
    first.decide = () => 'pass';
    world.clock.advance(5_001);
    const others = total(second);
    await world.balance(payer.address);
    await world.balance(payer.address);
    // Its chain is checked anew before it is used: another node may answer there now.
    expect(total(first)).toBe(calls + 3);
    expect(total(second)).toBe(others);
  });

  test('turns out to serve another chain after an outage: it is never used again', async () => {
    first.decide = () => 'drop';
    for (let i = 0; i < 4; i++) await world.balance(payer.address);
    first.decide = () => 'pass';
    first.rewrite = (method, result) => (method === 'eth_chainId' ? '0x1' : result);
    world.clock.advance(5_001);
    expect(await world.balance(payer.address)).toBeGreaterThan(0n);
    world.clock.advance(1_000_000);
    const calls = total(first);
    await world.pay(payer, request());
    expect(total(first)).toBe(calls);
  });

  test('lags behind: nonces are not taken from it', async () => {
    await world.pay(payer, request());
    first.rewrite = (method, result) => (method === 'eth_getTransactionCount' ? '0x0' : result);
    const { verdict } = await world.pay(payer, request());
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect(await world.nonce(payer.address)).toBe(2n);
  });

  test('cannot be reached and the second refuses the bytes: they cannot land', async () => {
    const signed = await world.signed(payer, request());
    await first.close();
    // Connections that were open break first; from then on it is certain that nothing gets through.
    await world.balance(payer.address);
    second.decide = (method) =>
      method === SEND ? { answer: { error: { code: -32000, message: 'insufficient funds' } } } : 'pass';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
    });
  });

  test('may have the bytes and the second refuses them: they may land', async () => {
    const signed = await world.signed(payer, request());
    first.decide = (method) => (method === SEND ? 'hang' : 'pass');
    second.decide = (method) =>
      method === SEND ? { answer: { error: { code: -32000, message: 'insufficient funds' } } } : 'pass';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
  });
});

test('all endpoints down is an error in bounded time, and ends by itself', async () => {
  const impatient = await world.restarted({ timeouts: { readMs: 2_000 } });
  first.decide = () => 'hang';
  second.decide = () => 'drop';
  await expect(impatient.getBalance(payer.address)).rejects.toMatchObject({ retryable: true });
  first.decide = () => 'pass';
  second.decide = () => 'pass';
  expect((await world.adapter.getBalance(payer.address)).balance).toBeGreaterThan(0n);
});
