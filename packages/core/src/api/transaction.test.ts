import { describe, expect, test } from 'vitest';
import { HOSTILE_AMOUNTS } from '../../test/hostile-amounts.ts';
import { idempotencyKeySchema, transactionListQuerySchema, transferRequestSchema } from './transaction.ts';

const body = { to: 'To111111', amount: '1' };
const taken = (change: object): boolean => transferRequestSchema.safeParse({ ...body, ...change }).success;

describe('a request to pay', () => {
  test('needs a recipient and an amount; the rest has defaults', () => {
    expect(transferRequestSchema.parse(body)).toEqual({ ...body, type: 'TRANSFER', priority: 'medium' });
    expect(transferRequestSchema.safeParse({ to: 'To111111' }).success).toBe(false);
    expect(transferRequestSchema.safeParse({ amount: '1' }).success).toBe(false);
  });

  test.each([...HOSTILE_AMOUNTS, '0'].map((text) => [JSON.stringify(text), text]))(
    '%s is no amount',
    (_shown, amount) => {
      expect(taken({ amount })).toBe(false);
    },
  );

  test.each([1, 1.5, -1, 1n, null, true, ['1'], {}])('an amount is a text, not %s', (amount) => {
    expect(taken({ amount })).toBe(false);
  });

  test('carries the largest amounts of both chains', () => {
    expect(taken({ amount: (2n ** 64n - 1n).toString() })).toBe(true);
    expect(taken({ amount: (2n ** 256n - 1n).toString() })).toBe(true);
  });

  test.each(['agentId', 'from', 'tier', 'feePayer', 'idempotencyKey', 'constructor'])(
    'the unknown key %s is refused',
    (key) => {
      expect(taken({ [key]: 'x' })).toBe(false);
    },
  );

  test('a token is named where one is paid with, and nowhere else', () => {
    const tokenMint = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
    expect(taken({ type: 'TOKEN_TRANSFER', tokenMint })).toBe(true);
    expect(taken({ type: 'TOKEN_TRANSFER' })).toBe(false);
    expect(taken({ type: 'TOKEN_TRANSFER', tokenMint: '' })).toBe(false);
    expect(taken({ type: 'TOKEN_TRANSFER', tokenMint: null })).toBe(false);
    // Taken for a payment of lamports, a token's amount would be another one.
    expect(taken({ tokenMint })).toBe(false);
    expect(taken({ type: 'TRANSFER', tokenMint })).toBe(false);
  });

  test('recipient, memo and priority are bounded', () => {
    expect(taken({ to: '' })).toBe(false);
    expect(taken({ to: 'a'.repeat(129) })).toBe(false);
    expect(taken({ to: null })).toBe(false);
    expect(taken({ memo: '가'.repeat(86) })).toBe(false);
    expect(taken({ priority: 'urgent' })).toBe(false);
  });
});

test('an idempotency key is 1 to 128 printable ASCII characters', () => {
  for (const key of ['a', '~', ' ', 'x'.repeat(128)]) expect(idempotencyKeySchema.safeParse(key).success).toBe(true);
  for (const key of ['', 'x'.repeat(129), 'a\n', 'é', '\u0000', '가', 5]) {
    expect(idempotencyKeySchema.safeParse(key).success).toBe(false);
  }
});

test('a page is bounded, its cursor is an id, and nothing else is asked for', () => {
  expect(transactionListQuerySchema.parse({})).toEqual({ limit: 20, order: 'desc' });
  expect(transactionListQuerySchema.parse({ limit: '100' })).toMatchObject({ limit: 100 });
  for (const query of [
    { limit: '0' },
    { limit: '101' },
    { limit: '1.5' },
    { limit: '' },
    { cursor: '1' },
    { agentId: 'x' },
  ]) {
    expect(transactionListQuerySchema.safeParse(query).success).toBe(false);
  }
});
