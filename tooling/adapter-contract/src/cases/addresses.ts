import { strict as assert } from 'node:assert';
import { nativeAsset } from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { fails } from '../fails.ts';
import { fundedWallet, nativeBalance } from '../payment.ts';

const HOSTILE = ['', ' ', '0', '0x', 'null', '__proto__', '\u0000', '\ud800', '🦊'.repeat(20), '1'.repeat(100_000)];

export const addresses: ContractSection = {
  about: 'addresses and balances',
  cases: [
    {
      promise: 'knows an address by its form, connected or not, whatever it is asked',
      unconnected: true,
      async run({ adapter, notAddresses, createWallet }) {
        const wallet = await createWallet();
        assert.equal(adapter.isValidAddress(wallet.address), true);
        for (const text of [...notAddresses, ...HOSTILE]) {
          assert.equal(adapter.isValidAddress(text), false, JSON.stringify(text.slice(0, 80)));
        }
        assert.equal(adapter.isValidAddress(` ${wallet.address}`), false);
        assert.equal(adapter.isValidAddress(`${wallet.address}\n`), false);
      },
    },
    {
      promise: 'refuses what is no address wherever it takes one',
      async run(world) {
        const { adapter, payment: amount } = world;
        const { address } = await fundedWallet(world);
        const expected = { code: 'INVALID_ADDRESS', retryable: false, mayHaveLanded: false } as const;
        for (const bad of [...world.notAddresses, '']) {
          await fails(adapter.getBalance(bad), expected);
          for (const request of [
            { from: address, to: bad, amount },
            { from: bad, to: address, amount },
          ]) {
            await fails(adapter.buildTransaction(request), expected);
            await fails(adapter.estimateFee(request), expected);
          }
        }
      },
    },
    {
      promise: 'tells 0 for an address the chain has never seen, and otherwise every base unit',
      async run(world) {
        const { address } = await world.createWallet();
        const { symbol, decimals } = nativeAsset(world.adapter.chain);
        assert.deepEqual(await world.adapter.getBalance(address), { address, balance: 0n, decimals, symbol });
        await world.fund(address, world.payment);
        await world.fund(address, 1n);
        assert.equal(await nativeBalance(world, address), world.payment + 1n);
      },
    },
  ],
};
