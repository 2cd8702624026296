import { describe, expect, test } from 'vitest';
import { countdown, hasTyped, plain, shortAddress, typeableName } from './text.ts';

describe('texts of others', () => {
  test.each([
    ['shop\u202eper', 'shop▯per'],
    ['\u2066a\u2069\u200b\u00adb', '▯a▯▯▯b'],
    ['a\u2028b\u0000c', 'a▯b▯c'],
    ['\u3164', '▯'],
    ['장바구니 שלום 🛒', '장바구니 שלום 🛒'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('%j is shown as %j', (text, shown) => {
    expect(plain(text)).toBe(shown);
  });
});

describe('a name that is typed to confirm', () => {
  test.each([
    ['shopper', 'shopper'],
    [' shopper ', 'shopper'],
    ['a b', 'a  b'],
    ['ab', 'a\u200bb'],
    ['shopper', '\u202eshopper'],
    ['가게', '가게'.normalize('NFD')],
    ['the-id', '\u200b\u3164'],
  ])('%j is %j', (typed, name) => {
    expect(hasTyped(typed, name, 'the-id')).toBe(true);
    expect(hasTyped(typeableName(name, 'the-id'), name, 'the-id')).toBe(true);
  });
  test.each([
    ['', 'shopper'],
    ['Shopper', 'shopper'],
    ['ab', 'a b'],
    ['', '\u200b'],
    ['', ''],
  ])('%j is not %j', (typed, name) => {
    expect(hasTyped(typed, name, 'the-id')).toBe(false);
  });
});

test('time that is left is told upwards: nothing that is open looks over, and nothing that is over looks open', () => {
  expect([1, 999, 1_000, 1_001, 59_001, 3_599_001, 3_725_000].map(countdown)).toEqual([
    '00:01',
    '00:01',
    '00:01',
    '00:02',
    '01:00',
    '1:00:00',
    '1:02:05',
  ]);
  expect([0, -1, -3_600_000].map(countdown)).toEqual(['00:00', '00:00', '00:00']);
});

test('an address is shortened to its ends, and a short one not at all', () => {
  expect(shortAddress('7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU')).toBe('7xKX…gAsU');
  expect(shortAddress('123456789012')).toBe('123456789012');
});
