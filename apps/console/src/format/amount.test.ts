import { describe, expect, test } from 'vitest';
import { asShown, baseUnits, extremes, perMille, shown, unitOf, wholeUnits } from './amount.ts';

describe('amounts', () => {
  test.each([
    ['0', 9, '0'],
    ['1', 9, '0.000000001'],
    ['1500000000', 9, '1.5'],
    ['9007199254740993', 0, '9,007,199,254,740,993'],
    ['18446744073709551615', 9, '18,446,744,073.709551615'],
    [
      '115792089237316195423570985008687907853269984665640564039457584007913129639935',
      18,
      '115,792,089,237,316,195,423,570,985,008,687,907,853,269,984,665,640,564,039,457.584007913129639935',
    ],
  ])('%s with %i decimals is %s, to the last digit, and back', (base, decimals, whole) => {
    expect(wholeUnits(base, decimals)).toBe(whole);
    expect(baseUnits(whole, decimals)).toBe(base);
  });

  test.each([
    '',
    ' ',
    '-1',
    '1e9',
    '0x10',
    '1.',
    '.5',
    '1.2.3',
    '1.0000000001',
    '0,5',
    '1,5',
    '1,0000',
    '1,500',
    '999,999',
    '1.234.567',
    '1 500',
    '１',
    '1٫5',
    '+1',
    '1_000',
    '1.5,000',
    'NaN',
    'Infinity',
    '١',
  ])('%j is no amount of SOL', (text) => {
    expect(baseUnits(text, 9)).toBeNull();
  });

  test.each([
    ['1,500.0', '1500000000000'],
    ['1,234,567', '1234567000000000'],
    ['1500', '1500000000000'],
    [' 0.5 ', '500000000'],
    ['007', '7000000000'],
  ])('%j is %s lamports', (text, base) => {
    expect(baseUnits(text, 9)).toBe(base);
  });

  test('18 decimals are taken to the last one, and a 19th is no amount', () => {
    expect(baseUnits('0.000000000000000001', 18)).toBe('1');
    expect(baseUnits('123456789.123456789123456789', 18)).toBe('123456789123456789123456789');
    expect(baseUnits('0.0000000000000000001', 18)).toBeNull();
    expect(baseUnits('1.0', 0)).toBeNull();
  });

  test('the extremes of amounts are exact, however many there are', () => {
    const huge = 2n ** 255n;
    expect(extremes([huge + 1n, huge, huge + 2n])).toEqual({ least: huge, most: huge + 2n });
    expect(extremes(Array.from({ length: 10_000 }, (_, n) => BigInt(n)))).toEqual({ least: 0n, most: 9_999n });
    expect(extremes([])).toEqual({ least: 0n, most: 0n });
  });

  test('what is no number is shown as it is, never as another one', () => {
    expect(wholeUnits('-5', 9)).toBe('-5');
    expect(wholeUnits('', 9)).toBe('');
  });

  test('a token is told in its own unit, and one that nothing is known of in base units', () => {
    const usdc = { address: 'mint', decimals: 6, symbol: 'USDC' };
    expect(shown('3000001', unitOf({ chain: 'solana', asset: 'solana:mint', token: usdc }))).toBe('3.000001 USDC');
    expect(shown('3000001', unitOf({ chain: 'solana', asset: 'solana:mint' }))).toBe('3,000,001 solana:mint');
    expect(shown('1', unitOf({ chain: 'solana', asset: 'ethereum:native' }))).toBe('1 ethereum:native');
  });

  test('shares of a whole are between nothing and all of it', () => {
    expect([perMille(1n, 0n), perMille(0n, 5n), perMille(5n, 5n), perMille(9n, 5n)]).toEqual([0, 0, 1000, 1000]);
    expect(perMille(2n ** 200n, 2n ** 201n)).toBe(500);
  });
});

test.each([
  ['1900', '1,900'],
  ['1900.50', '1,900.5'],
  ['1,900.50', '1,900.5'],
  [' 20 ', '20'],
  ['0.000000001', '0.000000001'],
  ['', ''],
  // What is no amount is shown as it was typed: the fault with it is told elsewhere.
  ['1,500', '1,500'],
  ['0.0000000001', '0.0000000001'],
  ['much', 'much'],
])('what was typed as %j is shown as %j', (typed, expected) => {
  expect(asShown(typed, { decimals: 9, symbol: 'SOL' })).toBe(expected);
});
