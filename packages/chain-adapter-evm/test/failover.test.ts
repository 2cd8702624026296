import { type FlakyProxy, startFlakyProxy } from '@waiaas/anvil';
import { GIVEN_UP } from '@waiaas/core';
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
/** Refuses everything that is sent, for want of funds. */
const refuseAll: FlakyProxy['decide'] = (method) =>
  method === SEND ? { answer: { error: { code: -32000, message: 'insufficient funds' } } } : 'pass';
const GIVEN_UP_BY_ALL = { code: 'INSUFFICIENT_BALANCE', mayHaveLanded: false, details: { reason: GIVEN_UP } };
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

  test('cannot be reached and the second refuses the bytes: it has its say for ten minutes, and then they cannot land', async () => {
    const signed = await world.signed(payer, request());
    await first.close();
    // Connections that were open break first; from then on it is certain that nothing gets through.
    await world.balance(payer.address);
    second.decide = refuseAll;
    for (const waited of [0, 300_000, 299_999]) {
      world.clock.advance(waited);
      await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
        code: 'INSUFFICIENT_BALANCE',
        mayHaveLanded: true,
      });
    }
    world.clock.advance(1);
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(GIVEN_UP_BY_ALL);
  });

  test('may have the bytes and the second refuses them: they may land', async () => {
    const signed = await world.signed(payer, request());
    first.decide = (method) => (method === SEND ? 'hang' : 'pass');
    second.decide = (method) =>
      method === SEND ? { answer: { error: { code: -32000, message: 'insufficient funds' } } } : 'pass';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ mayHaveLanded: true });
  });
});

describe('what the first endpoint refuses', () => {
  const refusedByFirst = async () => {
    const signed = await world.signed(payer, request());
    first.decide = refuseAll;
    return signed;
  };
  const open = { code: 'INSUFFICIENT_BALANCE', mayHaveLanded: true };

  test('is offered to the next one, which takes it', async () => {
    const signed = await refusedByFirst();
    expect(await world.adapter.submitTransaction(signed)).toEqual({ txHash: signed.txHash, alreadyProcessed: false });
    expect([first.calls[SEND], second.calls[SEND]]).toEqual([1, 1]);
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
  });

  test('is given up once the next one has refused it as well: its nonce is free, and it never leaves again', async () => {
    const signed = await refusedByFirst();
    second.decide = refuseAll;
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ ...open, mayHaveLanded: false });
    const sent = () => [first.calls[SEND], second.calls[SEND]];
    expect(sent()).toEqual([1, 1]);
    first.decide = () => 'pass';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({
      ...{ mayHaveLanded: false, details: { reason: GIVEN_UP } },
    });
    expect(sent()).toEqual([1, 1]);
    const next = await world.signed(payer, request());
    expect(next.nonce).toBe(signed.nonce);
  });

  test('was handed on by it meanwhile: the next one has it, and is not sent it', async () => {
    const signed = await refusedByFirst();
    first.rewrite = (method, result) => (method === 'eth_getTransactionByHash' ? null : result);
    const behind = await world.restarted({ endpoints: [world.anvil.url] });
    await behind.submitTransaction(signed);
    expect(await world.adapter.submitTransaction(signed)).toMatchObject({ alreadyProcessed: true });
    expect([first.calls[SEND], second.calls[SEND]]).toEqual([1, undefined]);
  });

  test.each([
    ['before the next one is asked', 0],
    ['while the next one is asked whether it has it', 1],
  ])('goes nowhere where everything is stopped %s, and is open', async (_when, times) => {
    const signed = await refusedByFirst();
    let asked = 0;
    const mayGoOn = () => asked++ < times;
    await expect(world.adapter.submitTransaction(signed, mayGoOn)).rejects.toMatchObject(open);
    expect(second.calls[SEND]).toBeUndefined();
  });

  test('is open while the next one does not answer and has its say, and is paid when that one takes it', async () => {
    const signed = await refusedByFirst();
    second.decide = () => 'drop';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    // Nobody is handed it who may have got it and does not say so.
    expect(second.calls[SEND]).toBeUndefined();
    const fields = { txHash: signed.txHash, hosts: [new URL(second.url).host] };
    expect(world.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', fields }));
    expect((await world.signed(payer, request())).nonce).toBe(1n);
    second.decide = () => 'pass';
    await world.adapter.submitTransaction(signed);
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
  });

  test('is given up when it is offered again and the next one has not answered for ten minutes', async () => {
    const signed = await refusedByFirst();
    second.decide = () => 'drop';
    for (const waited of [0, 300_000, 299_999]) {
      world.clock.advance(waited);
      await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    }
    world.clock.advance(1);
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(GIVEN_UP_BY_ALL);
    expect(second.calls[SEND]).toBeUndefined();
    expect((await world.signed(payer, request())).nonce).toBe(signed.nonce);
  });

  test('is given up when it is offered again and the next one, back, refuses it', async () => {
    const signed = await refusedByFirst();
    second.decide = () => 'drop';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    second.decide = refuseAll;
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(GIVEN_UP_BY_ALL);
  });

  test('is sent to nobody where everything is stopped while it is offered again', async () => {
    const signed = await refusedByFirst();
    second.decide = () => 'drop';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    for (const each of [first, second]) each.decide = () => 'pass';
    await expect(world.adapter.submitTransaction(signed, () => false)).rejects.toMatchObject({
      ...{ code: 'SUBMIT_FAILED', mayHaveLanded: true },
    });
    expect([first.calls[SEND], second.calls[SEND]]).toEqual([1, undefined]);
    for (const each of [first, second]) each.decide = refuseAll;
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(GIVEN_UP_BY_ALL);
  });

  test.each([
    ['does not know how to send', { answer: { error: { code: -32601, message: 'the method does not exist' } } }],
    ['limits its use', { answer: { error: { code: -32005, message: 'daily request count exceeded' } } }],
    ['is limited by its gateway', { status: 429 }],
    ['is closed to everybody', { status: 403 }],
  ] as const)('is given up after ten minutes where the next one %s: it has not looked at it', async (_why, answer) => {
    const signed = await refusedByFirst();
    second.decide = (method) => (method === SEND ? answer : 'pass');
    for (const waited of [0, 300_000, 299_999]) {
      world.clock.advance(waited);
      await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    }
    world.clock.advance(1);
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(GIVEN_UP_BY_ALL);
    expect((await world.signed(payer, request())).nonce).toBe(signed.nonce);
  });

  test('is never given up once the next one may have got it', async () => {
    const signed = await refusedByFirst();
    second.decide = (method) => (method === SEND ? 'drop' : 'pass');
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    expect(second.calls[SEND]).toBe(1);
    second.decide = refuseAll;
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    world.clock.advance(1_000_000);
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
  });

  test('is never given up after a restart: who has it is not known any more', async () => {
    const signed = await refusedByFirst();
    second.decide = () => 'drop';
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject(open);
    second.decide = refuseAll;
    const restarted = await world.restarted();
    await expect(restarted.submitTransaction(signed)).rejects.toMatchObject(open);
  });

  test('is given up where the next one serves another chain: that one has no say', async () => {
    second.decide = () => 'drop';
    first.decide = () => 'drop';
    for (let i = 0; i < 4; i++) await expect(world.balance(payer.address)).rejects.toMatchObject({ retryable: true });
    first.decide = () => 'pass';
    second.decide = () => 'pass';
    second.rewrite = (method, result) => (method === 'eth_chainId' ? '0x1' : result);
    world.clock.advance(5_001);
    const signed = await refusedByFirst();
    await expect(world.adapter.submitTransaction(signed)).rejects.toMatchObject({ ...open, mayHaveLanded: false });
    expect(second.calls[SEND]).toBeUndefined();
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
