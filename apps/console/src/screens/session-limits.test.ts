import { describe, expect, test } from 'vitest';
import { en } from '../i18n/en.ts';
import type { Say } from '../i18n/language.tsx';
import { leftInWords, limitsOfSession, renewableByDefault, renewableUntil } from './session-limits.ts';

const t: Say = (key, values = {}) =>
  en[key].replaceAll(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
const SOL = { symbol: 'SOL', decimals: 9 };
const ADDRESS = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';

type Session = Parameters<typeof limitsOfSession>[0];
const session = (constraints: Session['constraints']): Session => ({
  constraints,
  usageStats: { totalTx: 2, totalAmount: '1500000000', lastTxAt: null },
  renewalCount: 1,
});
const wordsOf = (constraints: Session['constraints'], unit: typeof SOL | null = SOL): readonly string[] =>
  limitsOfSession(session(constraints), unit, t).map(({ words }) => words);

describe('what a session may do at most', () => {
  test.each<[Session['constraints'], string]>([
    [{ maxAmountPerTx: '500000000' }, 'Each payment: at most 0.5 SOL'],
    [{ maxTotalAmount: '5000000000' }, 'In all: 1.5 SOL settled of 5 SOL'],
    [{ maxTransactions: 10 }, 'Payments: 2 settled of 10'],
    [{ allowedDestinations: [ADDRESS] }, 'Recipients: 1'],
    [{ allowedDestinations: [] }, 'Recipients: none, so that nobody can be paid'],
    [{ allowedOperations: ['TRANSFER', 'BALANCE_CHECK'] }, 'Only: TRANSFER, BALANCE_CHECK'],
    [{ allowedOperations: [] }, 'Only: None'],
    [{ maxRenewals: 0 }, 'Renewals: 1 of 0'],
  ])('%j never reads like a session without limits', (constraints, words) => {
    expect(wordsOf(constraints)).toEqual([words]);
  });

  test('is nothing where it has no limits of its own, however long it lives', () => {
    expect(wordsOf({})).toEqual([]);
    expect(wordsOf({ expiresIn: 300 })).toEqual([]);
  });

  test('names its recipients in full', () => {
    expect(limitsOfSession(session({ allowedDestinations: [ADDRESS] }), SOL, t)[0]?.recipients).toEqual([ADDRESS]);
  });

  test('is told in no amounts while the chain of its agent is not known', () => {
    expect(wordsOf({ maxAmountPerTx: '500000000', maxTransactions: 10 }, null)).toEqual([
      'Each payment: at most …',
      'Payments: 2 settled of 10',
    ]);
  });
});

test('what is left of a life is told to the hour, and to the second on its last day', () => {
  const [hour, day] = [3_600_000, 86_400_000];
  expect([7 * day, day + 5 * hour + 1, day, day - 1_000, 300_000, 0].map((ms) => leftInWords(ms, t))).toEqual([
    '7 d 0 h left',
    '1 d 5 h left',
    '1 d 0 h left',
    '23:59:59 left',
    '05:00 left',
    '00:00 left',
  ]);
});

describe('the life of a session is told with its renewals', () => {
  const [END, LATEST] = ['2026-11-23T00:00:00.000Z', '2026-12-22T00:00:00.000Z'];
  const untilOf = (constraints: Session['constraints'], renewalCount = 0, absoluteExpiresAt = LATEST) => {
    const until = renewableUntil({ constraints, renewalCount, expiresAt: END, absoluteExpiresAt });
    return until === null ? null : new Date(until).toISOString();
  };

  test.each<[string, Session['constraints'], number, string | null]>([
    ['its longest life, where it chooses no number', { expiresIn: 86_400 }, 0, LATEST],
    ['its longest life, however often it was renewed', { expiresIn: 86_400 }, 29, LATEST],
    ['what its renewals give it', { expiresIn: 86_400, maxRenewals: 3 }, 1, '2026-11-25T00:00:00.000Z'],
    ['no more than its longest life', { expiresIn: 86_400, maxRenewals: 100 }, 0, LATEST],
    ['its longest life, where what it was granted is not told', { maxRenewals: 3 }, 0, LATEST],
    ['its end, without renewals', { expiresIn: 86_400, maxRenewals: 0 }, 0, null],
    ['its end, once all are used', { expiresIn: 86_400, maxRenewals: 2 }, 2, null],
    ['its end, where it was granted fewer than it has used', { maxRenewals: 1 }, 2, null],
  ])('until %s', (_what, constraints, renewalCount, expected) => {
    expect(untilOf(constraints, renewalCount)).toBe(expected);
  });

  test('not beyond its end where that is its longest life', () => {
    expect(untilOf({}, 0, END)).toBeNull();
  });
});

describe('the life of a new session is told with the renewals it is given where it chooses none', () => {
  const NOW = Date.parse('2026-11-22T12:00:00.000Z');
  const [MINUTE, DAY] = [60, 86_400];

  test.each([
    ['thirty lives on top of a short one', 5 * MINUTE, '2026-11-22T14:35:00.000Z'],
    ['thirty days, however long it is', DAY, '2026-12-22T12:00:00.000Z'],
    ['thirty days, where it lives for a week', 7 * DAY, '2026-12-22T12:00:00.000Z'],
  ])('until %s', (_what, life, expected) => {
    expect(new Date(renewableByDefault(life, NOW)).toISOString()).toBe(expected);
  });
});
