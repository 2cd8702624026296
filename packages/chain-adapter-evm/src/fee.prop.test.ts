import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gasLimitOf, gasPrice, PLAIN_GAS, TWIN_ROOM } from './fee.ts';

const wei = fc.bigInt({ min: 0n, max: 10n ** 20n });
const gas = fc.bigInt({ min: PLAIN_GAS, max: 10_000_000n });
const bounds = fc
  .tuple(wei, wei, fc.bigInt({ min: 0n, max: 10n ** 22n }))
  .map(([a, b, maxFee]) => (a < b ? { minTip: a, maxTip: b, maxFee } : { minTip: b, maxTip: a, maxFee }));

test('no payment is offered more than it may cost, and every offer can be taken by the next block', () => {
  fc.assert(
    fc.property(wei, wei, gas, bounds, (baseFee, tip, limit, network) => {
      const price = gasPrice(baseFee, tip, limit, network);
      if (price === null) return;
      expect(limit * price.maxFeePerGas).toBeLessThanOrEqual(network.maxFee);
      expect(price.maxPriorityFeePerGas).toBeGreaterThanOrEqual(network.minTip);
      expect(price.maxPriorityFeePerGas).toBeLessThanOrEqual(network.maxTip);
      // An eighth is the most the base fee can rise from one block to the next; the room is for telling twins apart.
      expect(price.maxFeePerGas * 8n).toBeGreaterThanOrEqual(
        baseFee * 9n + 8n * (price.maxPriorityFeePerGas + TWIN_ROOM),
      );
    }),
  );
});

test('where the bound allows it, the base fee may double', () => {
  fc.assert(
    fc.property(wei, wei, gas, bounds, (baseFee, tip, limit, network) => {
      const price = gasPrice(baseFee, tip, limit, { ...network, maxFee: 10n ** 60n });
      expect(price?.maxFeePerGas).toBe(2n * baseFee + (price?.maxPriorityFeePerGas ?? 0n) + TWIN_ROOM);
    }),
  );
});

test('a gas limit leaves a fifth of room, rounded up, and none where gas is fixed', () => {
  expect(gasLimitOf(21_000n)).toBe(21_000n);
  fc.assert(
    fc.property(fc.bigInt({ min: PLAIN_GAS + 1n, max: 10n ** 12n }), (estimate) => {
      const limit = gasLimitOf(estimate);
      expect(limit * 5n).toBeGreaterThanOrEqual(estimate * 6n);
      expect(limit * 5n).toBeLessThan(estimate * 6n + 5n);
    }),
  );
});
