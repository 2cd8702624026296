import { expect, test } from 'vitest';
import { isoFromSeconds, isoTime, secondsUp, timestampSchema, unixSeconds } from './index.ts';

test('seconds are rounded down: a deadline never comes early', () => {
  expect(unixSeconds({ now: () => 1_999 })).toBe(1);
  expect(unixSeconds({ now: () => 2_000 })).toBe(2);
  expect([2_000, 2_001, 2_999].map(secondsUp)).toEqual([2, 3, 3]);
});

test('times on the wire are UTC with milliseconds', () => {
  expect(isoTime(1_700_000_000_123)).toBe('2023-11-14T22:13:20.123Z');
  expect(isoFromSeconds(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(timestampSchema.safeParse(isoFromSeconds(1_700_000_000)).success).toBe(true);
  expect(timestampSchema.safeParse('2023-11-14T22:13:20+09:00').success).toBe(false);
});
