import { describe, expect, test } from 'vitest';
import { facts } from '../test/fixtures.ts';
import { decodeFacts, encodeFacts, type PaymentFacts } from './index.ts';

const FULL: PaymentFacts = facts({
  spent: { day: 2n ** 200n, week: null },
  reserved: 3n,
  recentTransactions: { hour: 4, day: null },
  balance: 5n,
});

describe('facts as a decision record keeps them', () => {
  test('have one spelling', () => {
    expect(encodeFacts(facts({ balance: 7n, recentTransactions: { hour: 1, day: 2 } }))).toBe(
      '{"balance":"7","defaults":{"approvalTimeoutSeconds":3600,"delaySeconds":300},"minChannels":2,"now":1700000000,' +
        '"reachableChannels":2,"recentTransactions":{"day":2,"hour":1},"reserved":"0","spent":{"day":"0","week":"0"},"version":1}',
    );
  });

  test.each<[string, PaymentFacts]>([
    ['all', FULL],
    ['the least', facts()],
    ['an unknown balance', facts({ balance: null })],
    ['impossible sums', facts({ spent: { day: -1n, week: -(2n ** 70n) }, reserved: -5n, balance: -9n })],
    ['impossible numbers', facts({ now: -1, minChannels: -2, recentTransactions: { hour: -3, day: 0 } })],
  ])('%s come back as they were', (_name, given) => {
    expect(decodeFacts(encodeFacts(given))).toEqual(given);
    expect(Object.keys(decodeFacts(encodeFacts(given))).sort()).toEqual(Object.keys(given).sort());
  });

  test('what no JSON can carry is not written', () => {
    expect(() => encodeFacts(facts({ now: Number.NaN }))).toThrow(TypeError);
    expect(() => encodeFacts(facts({ now: 0.5 }))).toThrow(TypeError);
  });

  const text = encodeFacts(FULL);
  test.each<[string, string]>([
    ['no JSON', 'x'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['white space', ` ${text}`],
    ['a line break after it', `${text}\n`],
    ['an unknown key', text.replace('{"balance"', '{"a":1,"balance"')],
    ['an unknown key within', text.replace('{"approval', '{"a":1,"approval')],
    ['a key twice', text.replace('"minChannels":2,', '"minChannels":2,"minChannels":2,')],
    ['another order', text.replace('"minChannels":2,"now":1700000000', '"now":1700000000,"minChannels":2')],
    ['a missing key', text.replace('"minChannels":2,', '')],
    ['another version', text.replace('"version":1', '"version":2')],
    ['an amount that is a number', text.replace('"balance":"5"', '"balance":5')],
    ['a number that is a text', text.replace('"now":1700000000', '"now":"1700000000"')],
    ['an amount with a zero before it', text.replace('"balance":"5"', '"balance":"05"')],
    ['a negative zero', text.replace('"balance":"5"', '"balance":"-0"')],
    ['a hexadecimal amount', text.replace('"balance":"5"', '"balance":"0x5"')],
    ['an empty amount', text.replace('"balance":"5"', '"balance":""')],
    ['a fraction', text.replace('"now":1700000000', '"now":1700000000.5')],
    ['an exponent', text.replace('"now":1700000000', '"now":17e8')],
    ['a sum that is missing', text.replace(',"week":null', '')],
  ])('%s is not read', (_name, altered) => {
    expect(altered).not.toBe(text);
    expect(() => decodeFacts(altered)).toThrow(TypeError);
  });
});
