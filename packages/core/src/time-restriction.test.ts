import { describe, expect, test } from 'vitest';
import { isTimeZone, timeRestrictionRulesSchema } from './index.ts';

const hours = (start: unknown, end: unknown, rest: object = {}) => ({ allowed_hours: { start, end }, ...rest });
const taken = (rules: unknown): boolean => timeRestrictionRulesSchema.safeParse(rules).success;

describe('rules of a time restriction', () => {
  test('are of UTC and of every day unless told otherwise', () => {
    expect(timeRestrictionRulesSchema.parse(hours(9, 17))).toEqual({
      allowed_hours: { start: 9, end: 17 },
      timezone: 'UTC',
      allowed_days: [0, 1, 2, 3, 4, 5, 6],
    });
  });

  test.each([
    [0, 24],
    [0, 1],
    [22, 6],
    [23, 24],
    [23, 0],
    [1, 0],
  ])('%s to %s', (start, end) => expect(taken(hours(start, end))).toBe(true));

  test.each([
    [9, 9],
    [0, 0],
    [24, 6],
    [-1, 6],
    [0, 25],
    [9.5, 17],
    ['9', 17],
    [undefined, 17],
    [9, undefined],
    [9, Number.NaN],
  ])('not %s to %s', (start, end) => expect(taken(hours(start, end))).toBe(false));

  test.each([[[]], [[0]], [[6, 0]], [[0, 1, 2, 3, 4, 5, 6]]])('days %j', (allowed_days) =>
    expect(taken(hours(9, 17, { allowed_days }))).toBe(true),
  );

  test.each([[[7]], [[-1]], [[1.5]], [['1']], [['MON']], [null], [1], [[0, 1, 2, 3, 4, 5, 6, 0]]])(
    'not days %j',
    (allowed_days) => expect(taken(hours(9, 17, { allowed_days }))).toBe(false),
  );

  test.each([
    {},
    { allowed_hours: [9, 17] },
    hours(9, 17, { hours: 1 }),
    { allowed_hours: { start: 9, end: 17, minute: 30 } },
    null,
  ])('unknown or missing keys are refused (%#)', (rules) => expect(taken(rules)).toBe(false));
});

describe('a time zone', () => {
  test.each(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Asia/Seoul', 'Etc/GMT+5'])('%s', (name) => {
    expect(isTimeZone(name)).toBe(true);
    expect(taken(hours(9, 17, { timezone: name }))).toBe(true);
  });

  test.each(['', 'Mars/Olympus', 'Berlin', '+05:30', '-08', 'Europe/Berlin ', '../etc', 'UTC\u0000', 'A'.repeat(300)])(
    'not %j',
    (name) => {
      expect(isTimeZone(name)).toBe(false);
      expect(taken(hours(9, 17, { timezone: name }))).toBe(false);
    },
  );
});
