import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gasLimitOf, gasPrice, isLeftBehind, MOST_GAS, PLAIN_GAS, raised, replacementPrice, TWIN_ROOM } from './fee.ts';

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
    fc.property(fc.bigInt({ min: PLAIN_GAS + 1n, max: (MOST_GAS * 5n) / 6n }), (estimate) => {
      const limit = gasLimitOf(estimate);
      expect(limit * 5n).toBeGreaterThanOrEqual(estimate * 6n);
      expect(limit * 5n).toBeLessThan(estimate * 6n + 5n);
    }),
  );
});

test('the room ends where the most gas a transaction may have does, and what needs more is never cut', () => {
  expect(MOST_GAS).toBe(16_777_216n);
  for (const estimate of [13_981_014n, 15_000_000n, MOST_GAS]) expect(gasLimitOf(estimate)).toBe(MOST_GAS);
  expect(gasLimitOf(MOST_GAS + 1n)).toBe(MOST_GAS + 1n);
});

const signed = fc
  .tuple(wei, wei)
  .map(([a, b]) =>
    a < b ? { maxPriorityFeePerGas: a, maxFeePerGas: b } : { maxPriorityFeePerGas: b, maxFeePerGas: a },
  );

test('a replacement is dearer by an eighth in both prices, costs no more than it may, and is for the next block', () => {
  fc.assert(
    fc.property(signed, wei, wei, gas, bounds, (before, baseFee, tip, limit, network) => {
      const price = replacementPrice(before, { baseFee, tip }, { gas: limit, most: network.maxFee }, network);
      if (price === null) return;
      expect(limit * price.maxFeePerGas).toBeLessThanOrEqual(network.maxFee);
      expect(price.maxPriorityFeePerGas).toBeLessThanOrEqual(network.maxTip);
      expect(price.maxPriorityFeePerGas).toBeLessThanOrEqual(price.maxFeePerGas);
      for (const field of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const) {
        expect(price[field]).toBeGreaterThan(before[field]);
        expect(price[field] * 8n).toBeGreaterThanOrEqual(before[field] * 9n);
      }
      expect(price.maxFeePerGas * 8n).toBeGreaterThanOrEqual(baseFee * 9n + 8n * price.maxPriorityFeePerGas);
    }),
  );
});

test('a replacement that pools and the next block would take, and that may be paid for, is found', () => {
  fc.assert(
    fc.property(signed, wei, wei, gas, bounds, (before, baseFee, tip, limit, network) => {
      const least = raised(before.maxPriorityFeePerGas);
      if (least > network.maxTip) return;
      const most = limit * (raised(before.maxFeePerGas) + 2n * baseFee + least + network.maxTip + 1n);
      expect(replacementPrice(before, { baseFee, tip }, { gas: limit, most }, network)).not.toBeNull();
    }),
  );
});

test('nothing is affordable for less than nothing', () => {
  const before = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
  const network = { minTip: 0n, maxTip: 10n };
  expect(replacementPrice(before, { baseFee: 0n, tip: 0n }, { gas: 21_000n, most: -1n }, network)).toBeNull();
});

test("what was replaced at today's prices is not left behind by them", () => {
  fc.assert(
    fc.property(signed, wei, wei, gas, bounds, (before, baseFee, tip, limit, network) => {
      const most = 10n ** 60n;
      const price = replacementPrice(before, { baseFee, tip }, { gas: limit, most }, network);
      if (price === null) return;
      const tips = { low: tip, medium: tip, high: tip };
      expect(isLeftBehind(price, { baseFee, tips }, network)).toBe(false);
    }),
  );
});

test('a transaction is left behind when less is left for the tip than the cheapest ones pay', () => {
  const network = { minTip: 1n, maxTip: 100n };
  const tips = { low: 5n, medium: 6n, high: 7n };
  const is = (maxFeePerGas: bigint, maxPriorityFeePerGas: bigint, baseFee: bigint): boolean =>
    isLeftBehind({ maxFeePerGas, maxPriorityFeePerGas }, { baseFee, tips }, network);
  expect(is(20n, 5n, 15n)).toBe(false);
  expect(is(20n, 5n, 16n)).toBe(true);
  expect(is(20n, 4n, 0n)).toBe(true);
  expect(is(20n, 20n, 30n)).toBe(true);
});
