import type { SignedTransaction } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodePayment } from '../src/payment-bytes.ts';
import { createWallet, createWorld, ETHER, type Wallet, type World } from './world.ts';

let world: World;
let payer: Wallet;
beforeEach(async () => {
  world = await createWorld();
  payer = await world.funded(100n * ETHER);
});
afterEach(() => world.close());

const nonceOf = ({ bytes }: SignedTransaction): bigint | undefined => decodePayment(bytes)?.fields.nonce;
const someone = (): { to: string; amount: bigint } => ({ to: createWallet().address, amount: 1n });

describe('nonces', () => {
  test('fifty payments of one wallet at once all land, each once', async () => {
    const payee = createWallet().address;
    const paid = await Promise.all(Array.from({ length: 50 }, () => world.pay(payer, { to: payee, amount: 1n })));
    expect(paid.map(({ verdict }) => verdict.verdict)).toEqual(Array(50).fill('confirmed'));
    expect(new Set(paid.map(nonceOf)).size).toBe(50);
    expect(await world.balance(payee)).toBe(50n);
    expect(await world.nonce(payer.address)).toBe(50n);
  }, 180_000);

  test('wallets do not wait for each other', async () => {
    const other = await world.funded();
    await world.signed(payer, someone());
    // The first one holds the turn of its own wallet only.
    const { verdict } = await world.pay(other, someone());
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
  });

  test('a payment that was built and dropped leaves no gap', async () => {
    await world.adapter.buildTransaction({ from: payer.address, ...someone() });
    const { verdict } = await world.pay(payer, someone());
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect(await world.nonce(payer.address)).toBe(1n);
  });

  test('a payment that was signed and discarded gives its nonce to the next, and can never be sent', async () => {
    const dropped = await world.signed(payer, someone());
    world.record.remove(dropped.txHash);
    dropped.discard?.();
    const { verdict, ...next } = await world.pay(payer, someone());
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect(nonceOf(next)).toBe(nonceOf(dropped));
    await expect(world.adapter.submitTransaction(dropped)).rejects.toMatchObject({
      code: 'SUBMIT_FAILED',
      mayHaveLanded: false,
    });
    expect(await world.nonce(payer.address)).toBe(1n);
  });

  test('a payment whose signer refused leaves no gap', async () => {
    const built = await world.adapter.buildTransaction({ from: payer.address, ...someone() });
    const refused = world.adapter.signTransaction(built, async () => {
      throw new Error('the kill switch is engaged');
    });
    await expect(refused).rejects.toMatchObject({
      code: 'SIGN_FAILED',
      cause: { message: 'the kill switch is engaged' },
    });
    expect((await world.pay(payer, someone())).verdict).toMatchObject({ verdict: 'confirmed' });
  });

  test('after a restart, recorded transactions keep their nonces, sent or not', async () => {
    await world.anvil.rpc('evm_setAutomine', false);
    const sent = await world.signed(payer, someone());
    await world.adapter.submitTransaction(sent);
    const recorded = await world.signed(payer, someone());
    await world.adapter.disconnect();

    const restarted = await world.restarted();
    const built = await restarted.buildTransaction({ from: payer.address, ...someone() });
    const next = await restarted.signTransaction(built, payer.sign);
    world.record.add(payer.address, next);
    expect([sent, recorded, next].map(nonceOf)).toEqual([0n, 1n, 2n]);
    // Sent in the wrong order, they all land all the same.
    await restarted.submitTransaction(next);
    await restarted.submitTransaction(recorded);
    await world.anvil.mine();
    expect(await world.nonce(payer.address)).toBe(3n);
  });

  test('a gap in the record is filled by the next payment', async () => {
    await world.anvil.rpc('evm_setAutomine', false);
    const lost = await world.signed(payer, someone());
    await world.adapter.submitTransaction(lost);
    const behind = await world.signed(payer, someone());
    await world.adapter.submitTransaction(behind);
    // The network forgets the first, and nobody has a record of it: it never happened.
    await world.anvil.rpc('anvil_dropTransaction', lost.txHash);
    world.record.remove(lost.txHash);

    const restarted = await world.restarted();
    const built = await restarted.buildTransaction({ from: payer.address, ...someone() });
    const filling = await restarted.signTransaction(built, payer.sign);
    expect(nonceOf(filling)).toBe(0n);
    await restarted.submitTransaction(filling);
    // What waited behind the lost one is sent again as often as it takes.
    await restarted.submitTransaction(behind);
    await world.anvil.mine();
    expect(await world.nonce(payer.address)).toBe(2n);
    expect(await world.settle(behind)).toMatchObject({ verdict: 'confirmed' });
  });

  test('a transaction in the pool that nobody recorded keeps its nonce', async () => {
    await world.anvil.rpc('evm_setAutomine', false);
    const foreign = await world.signed(payer, someone());
    await world.adapter.submitTransaction(foreign);
    world.record.remove(foreign.txHash);
    const next = await world.signed(payer, someone());
    expect(nonceOf(next)).toBe(1n);
  });

  test('a record that cannot be read stops everything beside it', async () => {
    world.record.rows.set('0x00', { txHash: '0x00', from: payer.address, bytes: Uint8Array.of(1, 2, 3) });
    await expect(world.signed(payer, someone())).rejects.toMatchObject({ code: 'BUILD_FAILED', mayHaveLanded: false });
  });

  test('a transaction that a pool has lost is taken up when the same bytes are sent again', async () => {
    await world.anvil.rpc('evm_setAutomine', false);
    const signed = await world.signed(payer, someone());
    await world.adapter.submitTransaction(signed);
    await world.anvil.rpc('anvil_dropTransaction', signed.txHash);
    expect(await world.settle(signed, { timeoutMs: 1_000 })).toEqual({ verdict: 'unknown' });
    await world.adapter.submitTransaction(signed);
    await world.anvil.mine();
    expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
  });

  test('sending the same bytes again is a success, waiting or mined', async () => {
    await world.anvil.rpc('evm_setAutomine', false);
    const signed = await world.signed(payer, someone());
    expect(await world.adapter.submitTransaction(signed)).toMatchObject({ alreadyProcessed: false });
    expect(await world.adapter.submitTransaction(signed)).toMatchObject({ alreadyProcessed: false });
    await world.anvil.mine();
    expect(await world.adapter.submitTransaction(signed)).toMatchObject({ alreadyProcessed: true });
    expect(await world.nonce(payer.address)).toBe(1n);
  });
});

test('signed bytes nobody hands in lose their nonce after a while, and are refused from then on', async () => {
  const hasty = await world.restarted({ signedMs: 1 });
  const sign = async () => {
    const built = await hasty.buildTransaction({ from: payer.address, ...someone() });
    return hasty.signTransaction(built, payer.sign);
  };
  const forgotten = await sign();
  const next = await sign();
  expect(nonceOf(next)).toBe(nonceOf(forgotten));
  await expect(hasty.submitTransaction(forgotten)).rejects.toMatchObject({ mayHaveLanded: false, retryable: true });
});

test('signed bytes that were recorded and not handed in in time keep their nonce', async () => {
  const slow = await world.restarted({ signedMs: 1 });
  const sign = async () => {
    const built = await slow.buildTransaction({ from: payer.address, ...someone() });
    return slow.signTransaction(built, payer.sign);
  };
  const recorded = await sign();
  world.record.add(payer.address, recorded);
  const next = await sign();
  expect([recorded, next].map(nonceOf)).toEqual([0n, 1n]);
  await slow.submitTransaction(next);
  await slow.submitTransaction(recorded);
  await Promise.all([world.settle(next), world.settle(recorded)]);
  expect(await world.nonce(payer.address)).toBe(2n);
});

test('a refusal after a restart leaves the outcome open and the nonce taken', async () => {
  const signed = await world.signed(payer, someone());
  await world.anvil.fund(payer.address, 0n);
  const restarted = await world.restarted();
  await expect(restarted.submitTransaction(signed)).rejects.toMatchObject({
    code: 'INSUFFICIENT_BALANCE',
    mayHaveLanded: true,
  });
  await world.anvil.fund(payer.address, ETHER);
  const built = await restarted.buildTransaction({ from: payer.address, ...someone() });
  expect(nonceOf(await restarted.signTransaction(built, payer.sign))).toBe(1n);
  await restarted.submitTransaction(signed);
  expect(await world.settle(signed)).toMatchObject({ verdict: 'confirmed' });
});

test('money in flight is not spent again', async () => {
  await world.anvil.rpc('evm_setAutomine', false);
  const first = await world.signed(payer, { to: createWallet().address, amount: 60n * ETHER });
  await world.adapter.submitTransaction(first);
  await expect(world.signed(payer, { to: createWallet().address, amount: 60n * ETHER })).rejects.toMatchObject({
    code: 'INSUFFICIENT_BALANCE',
    details: { available: (100n * ETHER).toString() },
  });
});

test('many payments at once, of which not all can be paid: what is signed is paid, the rest is refused', async () => {
  const poor = await world.funded(10n * ETHER);
  const payee = createWallet().address;
  const attempts = await Promise.allSettled(
    Array.from({ length: 12 }, () => world.pay(poor, { to: payee, amount: 2n * ETHER })),
  );
  const paid = attempts.filter(({ status }) => status === 'fulfilled').length;
  expect(paid).toBe(4);
  expect(await world.balance(payee)).toBe(8n * ETHER);
  for (const attempt of attempts) {
    if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ code: 'INSUFFICIENT_BALANCE' });
  }
  expect(world.record.rows.size).toBe(0);
});
