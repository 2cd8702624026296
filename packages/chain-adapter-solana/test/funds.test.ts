import { address, lamports } from '@solana/kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

const RENT = 890_880n;
const FEE = 5_000n;

let world: World;
let from: Wallet;
beforeEach(async () => {
  world = await createWorld();
  from = await world.funded(SOL);
});
afterEach(() => world.close());

const build = (to: string, amount: bigint, sender: string = from.address) =>
  world.adapter.buildTransaction({ from: sender, to, amount });

describe('the money of a payment is checked before anything is signed', () => {
  test('too little for amount and fee, with exact numbers', async () => {
    const to = await createWallet();
    await expect(build(to.address, SOL)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      mayHaveLanded: false,
      retryable: false,
      details: { reason: 'balance', required: SOL + FEE, available: SOL, fee: FEE, rent: RENT },
    });
  });

  test('a wallet that was never funded holds 0', async () => {
    const [poor, to] = [await createWallet(), await createWallet()];
    await expect(build(to.address, SOL, poor.address)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      details: { available: 0n },
    });
  });

  test('leaving 1,000 lamports behind is refused, leaving the minimum or nothing is not', async () => {
    const to = await createWallet();
    await expect(build(to.address, SOL - FEE - 1_000n)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      details: { reason: 'sender_rent', required: SOL - 1_000n + RENT, available: SOL, fee: FEE, rent: RENT },
    });
    await expect(build(to.address, SOL - FEE - RENT + 1n)).rejects.toMatchObject({
      details: { reason: 'sender_rent' },
    });
    for (const amount of [SOL - FEE - RENT, SOL - FEE]) {
      const built = await build(to.address, amount);
      expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: true });
    }
  });

  test('a new recipient must end with the minimum; an old one may get a single lamport', async () => {
    const to = await createWallet();
    await expect(build(to.address, 100_000n)).rejects.toMatchObject({
      code: 'INSUFFICIENT_BALANCE',
      details: { reason: 'recipient_rent', required: RENT, available: 100_000n, fee: FEE, rent: RENT },
    });
    await expect(build(to.address, RENT - 1n)).rejects.toMatchObject({ details: { reason: 'recipient_rent' } });
    expect(await world.adapter.simulateTransaction(await build(to.address, RENT))).toMatchObject({ success: true });
    const old = await world.funded(RENT);
    expect(await world.adapter.simulateTransaction(await build(old.address, 1n))).toMatchObject({ success: true });
  });

  test('a balance is read anew for each payment', async () => {
    const to = await createWallet();
    await build(to.address, SOL / 2n);
    world.localnet.airdrop(from.address, 9n * SOL);
    await expect(build(to.address, 5n * SOL)).resolves.toBeDefined();
  });
});

describe('recipients that are no wallets', () => {
  test.each([
    '11111111111111111111111111111111',
    'ComputeBudget111111111111111111111111111111',
    'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
    'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
    'SysvarC1ock11111111111111111111111111111111',
    '1nc1nerator11111111111111111111111111111111',
  ])('%s', async (to) => {
    await expect(build(to, SOL / 2n)).rejects.toMatchObject({ code: 'INVALID_ADDRESS', mayHaveLanded: false });
    await expect(world.adapter.estimateFee({ from: from.address, to, amount: 1n })).rejects.toMatchObject({
      code: 'INVALID_ADDRESS',
    });
  });

  test('oneself', async () => {
    await expect(build(from.address, 1n)).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
  });

  test('a token account, although it exists and could be paid', async () => {
    const to = await createWallet();
    world.localnet.setAccount({
      address: to.address,
      data: new Uint8Array(165),
      executable: false,
      lamports: lamports(2_039_280n),
      programAddress: address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'),
      space: 165n,
    });
    await expect(build(to.address, SOL / 2n)).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
  });

  test('an address whose letters changed case is another address or none', async () => {
    const to = await createWallet();
    const flipped = [...to.address].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
    const outcome = await build(flipped, SOL / 2n).catch((error: unknown) => error);
    // One that has the form of an address may still be nobody's, as those of programs are.
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'INVALID_ADDRESS' });
    else expect(outcome).toMatchObject({ request: { to: flipped } });
    if (!world.adapter.isValidAddress(flipped)) expect(outcome).toBeInstanceOf(Error);
  });
});

describe('what is no payment', () => {
  test.each([0n, -1n, 2n ** 64n])('an amount of %s', async (amount) => {
    const to = await createWallet();
    await expect(build(to.address, amount)).rejects.toMatchObject({ code: 'BUILD_FAILED', retryable: false });
  });

  test.each(['', 'abc', '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00', '1'.repeat(31), '1'.repeat(45), 'O'.repeat(43)])(
    'the address %j',
    async (bad) => {
      const to = await createWallet();
      await expect(build(bad, SOL)).rejects.toMatchObject({ code: 'INVALID_ADDRESS', details: { field: 'to' } });
      await expect(build(to.address, SOL, bad)).rejects.toMatchObject({
        code: 'INVALID_ADDRESS',
        details: { field: 'from' },
      });
      await expect(world.adapter.getBalance(bad)).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
    },
  );
});

describe('a simulation that fails is a result that names the lack of money', () => {
  test('when the money went away after the build', async () => {
    const to = await createWallet();
    const built = await build(to.address, SOL / 2n);
    const left = 2n * RENT;
    const drain = await world.signed(from, { to: (await createWallet()).address, amount: SOL - FEE - left });
    await world.adapter.submitTransaction(drain);
    await world.adapter.waitForConfirmation(drain.txHash);
    world.localnet.advanceSlots(1);
    const result = await world.adapter.simulateTransaction(built);
    expect(result).toMatchObject({ success: false, insufficientFunds: true });
    expect(result.error).toBe('Instruction 1: custom error 1: The wallet holds less than the payment moves');
    expect(result.logs.length).toBeGreaterThan(0);
  });

  test('when the wallet was emptied', async () => {
    const to = await createWallet();
    const built = await build(to.address, SOL / 2n);
    const drain = await world.signed(from, { to: (await createWallet()).address, amount: SOL - FEE });
    await world.adapter.submitTransaction(drain);
    await world.adapter.waitForConfirmation(drain.txHash);
    expect(await world.adapter.simulateTransaction(built)).toMatchObject({ success: false, insufficientFunds: true });
  });
});
