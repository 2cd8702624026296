import { isChainError } from '@waiaas/core';
import { LOCALNET_GENESIS_HASH } from '@waiaas/localnet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generousLimit } from '../src/compute-limit.ts';
import { createWallet, createWorld, SOL, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

describe('a payment from build to verdict', () => {
  test('moves exactly the amount and costs exactly the fee that was announced', async () => {
    const { adapter } = world;
    const [from, to] = [await world.funded(10n * SOL), await createWallet()];
    const request = { from: from.address, to: to.address, amount: 2n * SOL, memo: 'invoice 7' };

    const quote = await adapter.estimateFee(request);
    const built = await adapter.buildTransaction(request);
    const simulated = await adapter.simulateTransaction(built);
    const signed = await adapter.signTransaction(built, from.sign);
    const submitted = await adapter.submitTransaction(signed);
    const verdict = await adapter.waitForConfirmation(signed.txHash, {
      lastValidBlockHeight: signed.lastValidBlockHeight ?? 0n,
    });

    expect(built.estimatedFee).toBe(quote);
    expect(simulated).toMatchObject({ success: true });
    expect(submitted).toEqual({ txHash: signed.txHash, alreadyProcessed: false });
    expect(verdict).toMatchObject({ verdict: 'confirmed', commitment: 'confirmed', fee: quote });
    expect(await world.balance(to.address)).toBe(2n * SOL);
    expect(await world.balance(from.address)).toBe(8n * SOL - quote);
  });

  test('is simulated before any signature exists', async () => {
    const [from, to] = [await world.funded(), await createWallet()];
    const built = await world.adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    const result = await world.adapter.simulateTransaction(built);
    expect(result.success).toBe(true);
    expect(result.unitsConsumed).toBeGreaterThan(0n);
    expect(world.localnet.report().accepted).toEqual([]);
  });

  test('bids what the accounts it writes to recently cost, by priority, and pays exactly that', async () => {
    const { adapter, localnet } = world;
    localnet.faults.add({ type: 'priorityFee', microLamports: 2_000_000n });
    const [from, to] = [await world.funded(), await createWallet()];
    const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL });
    expect(built.estimatedFee).toBe(5_000n + 2n * 540n);

    const signed = await adapter.signTransaction(built, from.sign);
    await adapter.submitTransaction(signed);
    expect(await adapter.waitForConfirmation(signed.txHash)).toMatchObject({ fee: 6_080n });
  });

  test('never bids more than the cap, however dear the accounts are', async () => {
    world.localnet.faults.add({ type: 'priorityFee', microLamports: 10n ** 15n });
    const [from, to] = [await world.funded(), await createWallet()];
    const request = { from: from.address, to: to.address, amount: SOL, memo: '한'.repeat(85) };
    expect(await world.adapter.estimateFee(request)).toBe(105_000n);
    const signed = await world.signed(from, request);
    await world.adapter.submitTransaction(signed);
    const verdict = await world.adapter.waitForConfirmation(signed.txHash);
    expect(verdict).toMatchObject({ verdict: 'confirmed' });
    expect('fee' in verdict && verdict.fee !== undefined && verdict.fee <= 105_000n).toBe(true);
  });

  test('bids nothing when the node does not tell priority fees, and asks again only after 30 s', async () => {
    world.localnet.faults.add({ type: 'rpcError', method: 'getRecentPrioritizationFees', code: -32601 });
    const [from, to] = [await world.funded(), await createWallet()];
    const request = { from: from.address, to: to.address, amount: SOL };
    expect(await world.adapter.estimateFee(request)).toBe(5_000n);
    expect((await world.adapter.buildTransaction(request)).estimatedFee).toBe(5_000n);
    expect(world.calls().getRecentPrioritizationFees).toBe(1);
    world.clock.advance(30_001);
    await world.adapter.estimateFee(request);
    expect(world.calls().getRecentPrioritizationFees).toBe(2);
  });

  test('can empty a wallet to the last lamport', async () => {
    const [from, to] = [await world.funded(3n * SOL), await createWallet()];
    const fee = await world.adapter.estimateFee({ from: from.address, to: to.address, amount: 1n });
    const signed = await world.signed(from, { to: to.address, amount: 3n * SOL - fee });
    await world.adapter.submitTransaction(signed);
    expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
    expect(await world.balance(from.address)).toBe(0n);
  });
});

describe('equal payments', () => {
  test('twenty at once get twenty signatures and all land', async () => {
    const [from, to] = [await world.funded(100n * SOL), await createWallet()];
    const signed = await Promise.all(
      Array.from({ length: 20 }, () => world.signed(from, { to: to.address, amount: SOL, memo: 'rent' })),
    );
    expect(new Set(signed.map(({ txHash }) => txHash)).size).toBe(20);
    await Promise.all(signed.map((transaction) => world.adapter.submitTransaction(transaction)));
    const verdicts = await Promise.all(signed.map(({ txHash }) => world.adapter.waitForConfirmation(txHash)));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 20 }, () => 'confirmed'));
    expect(await world.balance(to.address)).toBe(20n * SOL);
  });

  test('stay apart across a reconnect that finds the same blockhash', async () => {
    const [from, to] = [await world.funded(), await createWallet()];
    const request = { from: from.address, to: to.address, amount: SOL };
    const first = await world.adapter.buildTransaction(request);
    await world.adapter.disconnect();
    await world.adapter.connect();
    const second = await world.adapter.buildTransaction(request);
    expect(second.metadata.blockhash).toBe(first.metadata.blockhash);
    expect(second.serialized).not.toEqual(first.serialized);
  });

  test('cost the same, so that the quote holds for each', async () => {
    world.localnet.faults.add({ type: 'priorityFee', microLamports: 3_333_333n });
    const [from, to] = [await world.funded(), await createWallet()];
    const request = { from: from.address, to: to.address, amount: SOL };
    const quote = await world.adapter.estimateFee(request);
    const built = await Promise.all(Array.from({ length: 8 }, () => world.adapter.buildTransaction(request)));
    expect(built.map(({ estimatedFee }) => estimatedFee)).toEqual(Array.from({ length: 8 }, () => quote));
  });
});

describe('the number of calls', () => {
  test('sixty-four payments to sixty-four recipients are built with one call of each kind', async () => {
    const from = await world.funded(1_000n * SOL);
    const recipients = await Promise.all(Array.from({ length: 64 }, () => createWallet()));
    world.localnet.resetCounters();
    await Promise.all(
      recipients.map((to) => world.adapter.buildTransaction({ from: from.address, to: to.address, amount: SOL })),
    );
    expect(world.calls()).toEqual({
      getLatestBlockhash: 1,
      getMinimumBalanceForRentExemption: 1,
      getMultipleAccounts: 1,
      getRecentPrioritizationFees: 1,
    });
  });

  test('statuses asked for at the same moment share one call', async () => {
    const from = await world.funded(100n * SOL);
    const to = await createWallet();
    const signed = await Promise.all(
      Array.from({ length: 32 }, (_, i) => world.signed(from, { to: to.address, amount: SOL + BigInt(i) })),
    );
    world.localnet.resetCounters();
    await Promise.all(signed.map(({ txHash }) => world.adapter.getTransactionStatus(txHash)));
    expect(world.calls()).toEqual({ getSignatureStatuses: 1 });
  });

  test.each([
    ['devnet', 5_000],
    // Its blocks may be twenty times as fast.
    ['localnet', 500],
  ] as const)(
    'a blockhash of %s is used for %d ms and no longer; its life is counted from the fetch',
    async (network, life) => {
      const own = await createWorld({ network, expectedGenesisHash: LOCALNET_GENESIS_HASH });
      try {
        const [from, to] = [await own.funded(), await createWallet()];
        const request = { from: from.address, to: to.address, amount: SOL };
        const first = await own.adapter.buildTransaction(request);
        own.clock.advance(life);
        const second = await own.adapter.buildTransaction(request);
        expect(second.expiresAt).toBe(first.expiresAt);
        expect(own.calls().getLatestBlockhash).toBe(1);
        own.clock.advance(1);
        const third = await own.adapter.buildTransaction(request);
        expect(own.calls().getLatestBlockhash).toBe(2);
        expect(third.expiresAt).toBe(own.clock.now() + 50_000);
      } finally {
        await own.close();
      }
    },
  );
});

describe('memos', () => {
  test('of 255 bytes in Hangul pass, of 258 are refused, and what passes is on the chain', async () => {
    const [from, to] = [await world.funded(), await createWallet()];
    const memo = '한'.repeat(85);
    const signed = await world.signed(from, { to: to.address, amount: SOL, memo });
    expect(Buffer.from(signed.bytes).includes(Buffer.from(memo, 'utf8'))).toBe(true);
    await world.adapter.submitTransaction(signed);
    expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });

    const tooLong = world.adapter.buildTransaction({
      from: from.address,
      to: to.address,
      amount: SOL,
      memo: '한'.repeat(86),
    });
    await expect(tooLong).rejects.toMatchObject({ code: 'INVALID_MEMO', mayHaveLanded: false });
  });

  test.each(['', 'a\u0000b', 'line\nbreak', '\ud800', 'x'.repeat(201)])('%j is refused', async (memo) => {
    const [from, to] = [await world.funded(), await createWallet()];
    const request = { from: from.address, to: to.address, amount: SOL, memo };
    for (const attempt of [world.adapter.buildTransaction(request), world.adapter.estimateFee(request)]) {
      expect(isChainError(await attempt.catch((error: unknown) => error), 'INVALID_MEMO')).toBe(true);
    }
  });

  test('of every kind run within the limit that was measured, and within the generous one', async () => {
    const [from, to] = [await world.funded(1_000n * SOL), await createWallet()];
    const memos = [
      ...[1, 2, 63, 64, 127, 128, 200].map((length) => 'm'.repeat(length)),
      ...[1, 42, 85].map((length) => '한'.repeat(length)),
      ...[1, 128].map((length) => 'é'.repeat(length)),
      ...[1, 64].map((length) => '🦊'.repeat(length)),
      `${'é'.repeat(56)}${'m'.repeat(144)}`,
      '"\\"'.repeat(60),
      '\u200f\u0301'.repeat(40),
    ];
    for (const memo of memos) {
      const request = { from: from.address, to: to.address, amount: SOL, memo };
      const built = await world.adapter.buildTransaction(request);
      const { success, unitsConsumed = 0n } = await world.adapter.simulateTransaction(built);
      const limit = Number(built.metadata.computeUnitLimit);
      expect(success, memo).toBe(true);
      expect(limit, memo).toBeGreaterThanOrEqual(Number(unitsConsumed) * 1.1);
      expect(limit, memo).toBeLessThan(3_000);
      expect(generousLimit({ from: from.address, to: to.address, amount: SOL, memo })).toBeGreaterThan(limit);
    }
  });
});
