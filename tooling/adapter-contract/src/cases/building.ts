import { strict as assert } from 'node:assert';
import { Buffer } from 'node:buffer';
import { nativeAsset } from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { fails } from '../fails.ts';
import { confirmed, fundedWallet, nativeBalance, signedPayment } from '../payment.ts';

export const building: ContractSection = {
  about: 'building',
  cases: [
    {
      promise: 'announces in the estimate what the build then expects',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const request = { from: from.address, to: to.address, amount };
        const quote = await adapter.estimateFee(request);
        const built = await adapter.buildTransaction(request);
        assert.ok(quote > 0n);
        assert.equal(built.estimatedFee, quote);
        assert.equal(built.chain, adapter.chain);
        assert.deepEqual(built.request, request);
      },
    },
    {
      promise: 'builds equal payments with different bytes',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const request = { from: from.address, to: to.address, amount };
        const built = await Promise.all(Array.from({ length: 8 }, () => adapter.buildTransaction(request)));
        const bytes = new Set(built.map(({ serialized }) => Buffer.from(serialized).toString('hex')));
        assert.equal(bytes.size, built.length);
      },
    },
    {
      promise: 'builds nothing that pays nothing, pays oneself, or pays more than the chain can count',
      async run(world) {
        const { adapter, payment } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        for (const amount of [0n, -1n, -payment, nativeAsset(adapter.chain).max + 1n]) {
          const request = { from: from.address, to: to.address, amount };
          await fails(adapter.buildTransaction(request), { retryable: false, mayHaveLanded: false });
        }
        await fails(adapter.buildTransaction({ from: from.address, to: from.address, amount: payment }), {
          code: 'INVALID_ADDRESS',
          mayHaveLanded: false,
        });
      },
    },
    {
      promise: 'notices before signing that the money is not there',
      async run(world) {
        const { adapter, payment } = world;
        const [from, to] = [await world.createWallet(), await world.createWallet()];
        for (const held of [0n, payment]) {
          if (held > 0n) await world.fund(from.address, held);
          // All that is held, and a fee on top.
          const request = { from: from.address, to: to.address, amount: payment };
          const built = await adapter.buildTransaction(request).catch((error: unknown) => error);
          if (built instanceof Error) {
            await fails(Promise.reject(built), {
              code: 'INSUFFICIENT_BALANCE',
              retryable: false,
              mayHaveLanded: false,
            });
            continue;
          }
          const simulated = await adapter.simulateTransaction(await adapter.buildTransaction(request));
          assert.equal(simulated.success, false);
          assert.equal(simulated.insufficientFunds, true);
        }
      },
    },
    {
      promise: 'puts the memo on the chain as it is, up to 256 bytes',
      async run(world) {
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const memo = '한'.repeat(85);
        const { built, signed } = await signedPayment(world.adapter, from, {
          to: to.address,
          amount: world.payment,
          memo,
        });
        assert.ok(Buffer.from(built.serialized).includes(Buffer.from(memo, 'utf8')), 'the memo is in the bytes');
        await world.adapter.submitTransaction(signed);
        await confirmed(world, signed);
        assert.equal(await nativeBalance(world, to.address), world.payment);
      },
    },
    {
      promise: 'refuses a memo that is too long or holds control characters',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        for (const memo of ['한'.repeat(86), 'x'.repeat(201), 'a\u0000b', 'line\nbreak', '\ud800']) {
          const request = { from: from.address, to: to.address, amount, memo };
          await fails(adapter.buildTransaction(request), { code: 'INVALID_MEMO', mayHaveLanded: false });
          await fails(adapter.estimateFee(request), { code: 'INVALID_MEMO' });
        }
      },
    },
    {
      promise: 'simulates without a signature and without moving anything',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const before = await nativeBalance(world, from.address);
        const built = await adapter.buildTransaction({ from: from.address, to: to.address, amount });
        const { success, logs, error } = await adapter.simulateTransaction(built);
        assert.equal(success, true, error);
        assert.ok(Array.isArray(logs));
        await world.advance(2);
        assert.equal(await nativeBalance(world, from.address), before);
        assert.equal(await nativeBalance(world, to.address), 0n);
      },
    },
  ],
};
