import { describe, expect, test } from 'vitest';
import { HOSTILE_AMOUNTS } from '../test/hostile-amounts.ts';
import { NO_USAGE, sessionConstraintsSchema, sessionCreateSchema, sessionUsageSchema } from './index.ts';

const taken = (constraints: unknown): boolean => sessionConstraintsSchema.safeParse(constraints).success;
const AGENT = '0192f3a1-7c4d-7abc-9def-000000000001';

describe('session constraints', () => {
  test('all are optional, and all can be given', () => {
    expect(taken({})).toBe(true);
    expect(
      taken({
        maxAmountPerTx: '1000000000',
        maxTotalAmount: (2n ** 256n - 1n).toString(),
        maxTransactions: 1,
        allowedOperations: ['TRANSFER', 'BALANCE_CHECK'],
        allowedDestinations: ['To111111'],
        expiresIn: 300,
      }),
    ).toBe(true);
  });

  test('a life of 300 to 604,800 seconds', () => {
    for (const [seconds, expected] of [
      [299, false],
      [300, true],
      [604_800, true],
      [604_801, false],
      [300.5, false],
      ['300', false],
    ] as const) {
      expect(taken({ expiresIn: seconds })).toBe(expected);
      expect(sessionCreateSchema.safeParse({ agentId: AGENT, expiresIn: seconds }).success).toBe(expected);
    }
  });

  test('a limit of no transactions is refused, never read as no limit', () => {
    for (const maxTransactions of [0, -1, 1.5, '5', null]) expect(taken({ maxTransactions })).toBe(false);
  });

  test.each(['maxAmount', 'maxamountpertx', 'max_total_amount', 'destinations', 'constructor'])(
    'the unknown key %s is refused: a misspelt limit must not vanish',
    (key) => expect(taken({ [key]: '1' })).toBe(false),
  );

  test.each([...HOSTILE_AMOUNTS].map((text) => [JSON.stringify(text), text]))(
    'a limit of %s is refused',
    (_shown, text) => {
      expect(taken({ maxAmountPerTx: text })).toBe(false);
      expect(taken({ maxTotalAmount: text })).toBe(false);
    },
  );

  test('an empty list is kept: it permits nothing', () => {
    const lists = { allowedOperations: [], allowedDestinations: [] };
    expect(sessionConstraintsSchema.parse(lists)).toEqual(lists);
  });

  test('null is no constraint', () => {
    expect(taken({ maxAmountPerTx: null })).toBe(false);
    expect(taken({ allowedDestinations: null })).toBe(false);
    expect(taken(null)).toBe(false);
  });

  test('unknown operations are refused', () => expect(taken({ allowedOperations: ['SWAP'] })).toBe(false));
});

describe('a new session', () => {
  test('takes its life from either place, not from two that differ', () => {
    const body = (expiresIn: number, inner: number) => ({
      agentId: AGENT,
      expiresIn,
      constraints: { expiresIn: inner },
    });
    expect(sessionCreateSchema.safeParse(body(600, 600)).success).toBe(true);
    expect(sessionCreateSchema.safeParse(body(600, 601)).success).toBe(false);
  });

  test('has used nothing', () => expect(sessionUsageSchema.parse(NO_USAGE)).toEqual(NO_USAGE));
});
