import { describe, expect, test } from 'vitest';
import { rateLimitRulesSchema } from './index.ts';

const taken = (rules: unknown): boolean => rateLimitRulesSchema.safeParse(rules).success;

describe('rules of a rate limit', () => {
  test('limit nothing that they do not name', () => {
    expect(rateLimitRulesSchema.parse({ max_tx_per_hour: 5 })).toEqual({ max_tx_per_hour: 5, max_tx_per_day: 0 });
    expect(rateLimitRulesSchema.parse({ max_tx_per_day: 5 })).toEqual({ max_tx_per_hour: 0, max_tx_per_day: 5 });
  });

  test.each([-1, 0.5, '5', null, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    '%s is no number of payments',
    (value) => {
      expect(taken({ max_tx_per_hour: value })).toBe(false);
      expect(taken({ max_tx_per_day: value })).toBe(false);
    },
  );

  test.each([{ max_tx_per_minute: 1 }, { maxTxPerHour: 1 }, { allowed_addresses: [] }, [], null])(
    'unknown keys are refused (%#)',
    (rules) => expect(taken(rules)).toBe(false),
  );
});
