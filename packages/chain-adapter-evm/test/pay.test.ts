import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWallet, createWorld, ETHER, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe('a payment in ether', () => {
  test('arrives, and costs exactly amount and reported fee', async () => {
    const [payer, payee] = [await world.funded(), createWallet()];
    const { verdict } = await world.pay(payer, { to: payee.address, amount: ETHER });
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect(await world.balance(payee.address)).toBe(ETHER);
    const fee = verdict.verdict === 'confirmed' ? verdict.fee : undefined;
    expect(await world.balance(payer.address)).toBe(9n * ETHER - (fee ?? 0n));
  });

  test('costs no more than was quoted, and the quote is the same before and in the build', async () => {
    const payer = await world.funded();
    const request = { from: payer.address, to: createWallet().address, amount: 1n };
    const quoted = await world.adapter.estimateFee(request);
    const built = await world.adapter.buildTransaction(request);
    expect(built.estimatedFee).toBe(quoted);
    const { verdict } = await world.pay(payer, request);
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect((verdict.verdict === 'confirmed' && verdict.fee) || 0n).toBeLessThanOrEqual(quoted);
  });

  test('carries its memo in the data, and pays for it', async () => {
    const payer = await world.funded();
    const { txHash } = await world.pay(payer, { to: createWallet().address, amount: 1n, memo: 'invoice 7 — 청구서' });
    const { input } = await world.anvil.rpc<{ input: string }>('eth_getTransactionByHash', txHash);
    expect(Buffer.from(input.slice(2), 'hex').toString()).toBe('invoice 7 — 청구서');
  });

  test.each(['low', 'medium', 'high'] as const)('goes with priority %s', async (priority) => {
    const payer = await world.funded();
    const { verdict } = await world.pay(payer, { to: createWallet().address, amount: 5n, priority });
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
  });

  test('to a contract that needs more gas than a wallet', async () => {
    const [payer, counter] = [await world.funded(), await world.anvil.deploy('Counter')];
    const { verdict } = await world.pay(payer, { to: counter, amount: 7n });
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect(await world.balance(counter)).toBe(7n);
  });

  test('to a contract that takes none is a failed simulation with its reason', async () => {
    const [payer, refuser] = [await world.funded(), await world.anvil.deploy('Refuser')];
    const built = await world.adapter.buildTransaction({ from: payer.address, to: refuser, amount: 7n });
    const simulated = await world.adapter.simulateTransaction(built);
    expect(simulated).toMatchObject({ success: false, error: expect.stringContaining('no coins, please') });
  });

  test('of the whole balance but the fee goes through, and of one wei more does not', async () => {
    const payer = await world.funded(ETHER);
    const to = createWallet().address;
    const fee = await world.adapter.estimateFee({ from: payer.address, to, amount: ETHER / 2n });
    const request = { from: payer.address, to, amount: ETHER - fee };
    await expect(world.adapter.buildTransaction({ ...request, amount: request.amount + 1n })).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
      details: { available: ETHER.toString(), fee: fee.toString(), required: (ETHER + 1n).toString() },
    });
    expect((await world.pay(payer, request)).verdict).toMatchObject({ verdict: 'confirmed' });
  });

  test('from a wallet that was never funded is refused with exact numbers', async () => {
    const request = { from: createWallet().address, to: createWallet().address, amount: 1n };
    await expect(world.adapter.buildTransaction(request)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      details: { available: '0', amount: '1' },
    });
    expect(await world.adapter.estimateFee(request)).toBeGreaterThan(0n);
  });

  test('two equal payments differ in bytes and both land', async () => {
    const [payer, payee] = [await world.funded(), createWallet()];
    const request = { to: payee.address, amount: 3n };
    const [one, two] = await Promise.all([
      world.adapter.buildTransaction({ from: payer.address, ...request }),
      world.adapter.buildTransaction({ from: payer.address, ...request }),
    ]);
    expect(one.serialized).not.toEqual(two.serialized);
    await Promise.all([world.pay(payer, request), world.pay(payer, request)]);
    expect(await world.balance(payee.address)).toBe(6n);
  });
});

describe('status', () => {
  test('of a transaction nobody knows', async () => {
    const txHash = `0x${'ab'.repeat(32)}`;
    expect(await world.adapter.getTransactionStatus(txHash)).toEqual({ state: 'not_found' });
    await expect(world.adapter.getTransactionStatus('0x12')).rejects.toMatchObject({ code: 'RPC_ERROR' });
  });

  test('of one that landed', async () => {
    const payer = await world.funded();
    const { txHash } = await world.pay(payer, { to: createWallet().address, amount: 1n });
    expect(await world.adapter.getTransactionStatus(txHash)).toMatchObject({ state: 'landed', error: null });
  });
});

test('health tells that the node answers', async () => {
  expect(await world.adapter.getHealth()).toMatchObject({ healthy: true });
});

test('an address the chain has never seen holds nothing', async () => {
  const { address } = createWallet();
  expect(await world.adapter.getBalance(address.toLowerCase())).toEqual({
    address,
    balance: 0n,
    decimals: 18,
    symbol: 'ETH',
  });
});
