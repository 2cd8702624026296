import { describe, expect, test } from 'vitest';
import { HOSTILE_AMOUNTS } from '../test/hostile-amounts.ts';
import {
  amountSchema,
  baseUnits,
  formatUnits,
  limitSchema,
  nativeAsset,
  parseBaseUnits,
  parseUnits,
  sumBaseUnits,
} from './index.ts';

describe('reading base units', () => {
  test.each([...HOSTILE_AMOUNTS].map((text) => [JSON.stringify(text), text]))('%s is refused', (_shown, text) => {
    expect(() => parseBaseUnits(text)).toThrow(RangeError);
    expect(amountSchema.safeParse(text).success).toBe(false);
    expect(limitSchema.safeParse(text).success).toBe(false);
  });

  test('zero is a limit and a balance, not a payment', () => {
    expect(parseBaseUnits('0')).toBe(0n);
    expect(limitSchema.safeParse('0').success).toBe(true);
    expect(amountSchema.safeParse('0').success).toBe(false);
  });

  test.each([1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 256n - 1n, 10n ** 78n - 1n])(
    '%d is exact',
    (value) => {
      expect(parseBaseUnits(`${value}`)).toBe(value);
      expect(amountSchema.parse(`${value}`)).toBe(`${value}`);
    },
  );

  test.each([1, 1n, null, undefined, ['1'], { toString: () => '1' }])(
    'only texts are amounts on the wire: %s',
    (value) => {
      expect(amountSchema.safeParse(value).success).toBe(false);
      expect(limitSchema.safeParse(value).success).toBe(false);
    },
  );
});

describe('sums', () => {
  test('are exact past 2^53, 2^63 and u64', () => {
    expect(sumBaseUnits([2n ** 53n, 1n])).toBe(2n ** 53n + 1n);
    expect(sumBaseUnits([2n ** 64n - 1n, 2n ** 64n - 1n])).toBe(2n ** 65n - 2n);
    expect(sumBaseUnits([])).toBe(0n);
  });

  test('a negative amount is never made', () => {
    expect(() => baseUnits(-1n)).toThrow(RangeError);
    expect(() => sumBaseUnits([1n, -2n])).toThrow(RangeError);
    expect(() => formatUnits(-1n, 9, 'SOL')).toThrow(RangeError);
  });
});

describe('amounts for people', () => {
  test.each([
    [0n, 9, '0 SOL'],
    [1n, 9, '0.000000001 SOL'],
    [1_500_000_000n, 9, '1.5 SOL'],
    [1_000_000_000n, 9, '1 SOL'],
    [10_000_000_000n, 9, '10 SOL'],
    [100n, 0, '100 SOL'],
    [2n ** 64n - 1n, 9, '18446744073.709551615 SOL'],
  ])('%d with %d decimals reads %s', (amount, decimals, text) => {
    expect(formatUnits(amount, decimals, 'SOL')).toBe(text);
  });

  test.each(['-1', '+1', '1e3', '0x1', '01', '.5', '1.', '', ' 1', '1,5', '1.0000000001', '٥', '1'.repeat(61)])(
    '%j is no amount of whole SOL',
    (text) => expect(() => parseUnits(text, nativeAsset('solana').decimals)).toThrow(RangeError),
  );

  test('whole units are read exactly', () => {
    expect(parseUnits('0.05', 9)).toBe(50_000_000n);
    expect(parseUnits('0.000000001', 9)).toBe(1n);
    expect(parseUnits('7', 0)).toBe(7n);
    expect(() => parseUnits('7.0', 0)).toThrow(RangeError);
    expect(parseUnits('0.1', nativeAsset('ethereum').decimals)).toBe(10n ** 17n);
  });
});
