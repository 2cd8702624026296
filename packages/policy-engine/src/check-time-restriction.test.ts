import { describe, expect, test } from 'vitest';
import { AGENT, facts, id, pay, row } from '../test/fixtures.ts';
import { compilePolicies, evaluate } from './index.ts';

const [SUN, MON, TUE, SAT] = [0, 1, 2, 6];
const at = (iso: string): number => Date.parse(iso) / 1000;

/** What a time table answers at a moment: `open`, or why not. */
function answer(
  start: number,
  end: number,
  iso: string,
  rest: { timezone?: string; allowed_days?: readonly number[] } = {},
) {
  const rules = { allowed_hours: { start, end }, ...rest };
  const policies = compilePolicies([row(), row({ id: id(2), type: 'TIME_RESTRICTION', rules })], AGENT);
  const decision = evaluate(policies, pay(1n), facts({ now: at(iso) }));
  return decision.outcome === 'ALLOW' ? 'open' : decision.reason;
}
const CLOSED = 'OUTSIDE_ALLOWED_HOURS';
const OTHER_DAY = 'OUTSIDE_ALLOWED_DAYS';

describe('hours (04 §11)', () => {
  // 2026-01-15 is a Thursday.
  test.each([
    [9, 17, '08:59:59', CLOSED],
    [9, 17, '09:00:00', 'open'],
    [9, 17, '16:59:59', 'open'],
    [9, 17, '17:00:00', CLOSED],
    [0, 6, '00:00:00', 'open'],
    [0, 6, '00:30:00', 'open'],
    [0, 6, '05:59:59', 'open'],
    [0, 6, '06:00:00', CLOSED],
    [0, 6, '23:59:59', CLOSED],
    [23, 24, '22:59:59', CLOSED],
    [23, 24, '23:00:00', 'open'],
    [23, 24, '23:59:59', 'open'],
    [23, 24, '00:00:00', CLOSED],
    [0, 24, '00:00:00', 'open'],
    [0, 24, '12:00:00', 'open'],
    [0, 24, '23:59:59', 'open'],
    [22, 6, '21:59:59', CLOSED],
    [22, 6, '22:00:00', 'open'],
    [22, 6, '23:59:59', 'open'],
    [22, 6, '00:00:00', 'open'],
    [22, 6, '05:59:59', 'open'],
    [22, 6, '06:00:00', CLOSED],
    [22, 0, '23:59:59', 'open'],
    [22, 0, '00:00:00', CLOSED],
    [1, 0, '00:59:59', CLOSED],
    [1, 0, '01:00:00', 'open'],
  ])('%i to %i at %s UTC: %s', (start, end, time, expected) => {
    expect(answer(start, end, `2026-01-15T${time}Z`)).toBe(expected);
  });
});

describe('days are those of the moment itself', () => {
  test.each([
    // 2026-01-12 is a Monday.
    ['2026-01-12T21:59:59Z', [MON], CLOSED],
    ['2026-01-12T22:00:00Z', [MON], 'open'],
    ['2026-01-12T02:00:00Z', [MON], 'open'],
    ['2026-01-13T02:00:00Z', [MON], OTHER_DAY],
    ['2026-01-13T02:00:00Z', [MON, TUE], 'open'],
    ['2026-01-13T02:00:00Z', [TUE, MON, TUE], 'open'],
    ['2026-01-11T23:00:00Z', [SAT, SUN], 'open'],
    ['2026-01-10T23:00:00Z', [SAT, SUN], 'open'],
    ['2026-01-12T12:00:00Z', [SUN], OTHER_DAY],
    ['2026-01-12T23:00:00Z', [], 'open'],
  ] as const)('22 to 6 at %s on %j: %s', (iso, allowed_days, expected) => {
    expect(answer(22, 6, iso, { allowed_days })).toBe(expected);
  });

  test('and of the place: it is Friday in Seoul while it is Thursday in UTC and in New York', () => {
    const iso = '2026-01-15T20:00:00Z';
    const on = (timezone: string, day: number) => answer(0, 24, iso, { timezone, allowed_days: [day] });
    expect([on('Asia/Seoul', 5), on('UTC', 5), on('America/New_York', 5)]).toEqual(['open', OTHER_DAY, OTHER_DAY]);
    expect([on('Asia/Seoul', 4), on('UTC', 4), on('America/New_York', 4)]).toEqual([OTHER_DAY, 'open', 'open']);
  });
});

describe('daylight saving', () => {
  test.each([
    // Berlin, 2026-03-29: 01:59:59 is followed by 03:00:00.
    ['Europe/Berlin', 1, '2026-03-29T00:59:59Z', 'open'],
    ['Europe/Berlin', 2, '2026-03-29T00:59:59Z', CLOSED],
    ['Europe/Berlin', 2, '2026-03-29T01:00:00Z', CLOSED],
    ['Europe/Berlin', 3, '2026-03-29T01:00:00Z', 'open'],
    // Berlin, 2026-10-25: 02:00–02:59 comes twice.
    ['Europe/Berlin', 2, '2026-10-24T23:59:59Z', CLOSED],
    ['Europe/Berlin', 2, '2026-10-25T00:00:00Z', 'open'],
    ['Europe/Berlin', 2, '2026-10-25T01:00:00Z', 'open'],
    ['Europe/Berlin', 2, '2026-10-25T01:59:59Z', 'open'],
    ['Europe/Berlin', 2, '2026-10-25T02:00:00Z', CLOSED],
    ['Europe/Berlin', 3, '2026-10-25T02:00:00Z', 'open'],
    // New York, 2026-03-08: 01:59:59 is followed by 03:00:00.
    ['America/New_York', 1, '2026-03-08T06:59:59Z', 'open'],
    ['America/New_York', 2, '2026-03-08T07:00:00Z', CLOSED],
    ['America/New_York', 3, '2026-03-08T07:00:00Z', 'open'],
    // New York, 2026-11-01: 01:00–01:59 comes twice.
    ['America/New_York', 1, '2026-11-01T05:00:00Z', 'open'],
    ['America/New_York', 1, '2026-11-01T06:59:59Z', 'open'],
    ['America/New_York', 1, '2026-11-01T07:00:00Z', CLOSED],
    // Half an hour beside the full one, and none of it in summer.
    ['Asia/Kolkata', 0, '2026-01-15T18:29:59Z', CLOSED],
    ['Asia/Kolkata', 0, '2026-01-15T18:30:00Z', 'open'],
    ['Asia/Kolkata', 0, '2026-07-15T19:29:59Z', 'open'],
    ['Asia/Kolkata', 0, '2026-07-15T19:30:00Z', CLOSED],
    // A day begins with 01:00 where clocks change at midnight.
    ['Africa/Cairo', 0, '2026-04-23T22:00:00Z', CLOSED],
    ['Africa/Cairo', 1, '2026-04-23T22:00:00Z', 'open'],
  ])('%s, the hour of %i at %s: %s', (timezone, hour, iso, expected) => {
    expect(answer(hour, hour + 1, iso, { timezone })).toBe(expected);
  });

  test('moves the window with the clock on the wall: 9 to 17 is 08:00 UTC in winter and 07:00 in summer', () => {
    const timezone = 'Europe/Berlin';
    expect(answer(9, 17, '2026-01-15T07:59:59Z', { timezone })).toBe(CLOSED);
    expect(answer(9, 17, '2026-01-15T08:00:00Z', { timezone })).toBe('open');
    expect(answer(9, 17, '2026-07-15T06:59:59Z', { timezone })).toBe(CLOSED);
    expect(answer(9, 17, '2026-07-15T07:00:00Z', { timezone })).toBe('open');
    expect(answer(9, 17, '2026-07-15T15:00:00Z', { timezone })).toBe(CLOSED);
  });

  test('each hour of a year is in exactly one of the 24 hours and seven days, in every zone', () => {
    for (const timezone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']) {
      const tables = Array.from({ length: 24 }, (_, start) =>
        compilePolicies(
          [row({ id: id(2), type: 'TIME_RESTRICTION', rules: { allowed_hours: { start, end: start + 1 }, timezone } })],
          AGENT,
        ),
      );
      for (let now = at('2026-01-01T00:15:00Z'); now < at('2027-01-01T00:00:00Z'); now += 9_000) {
        const open = tables.filter((table) => evaluate(table, pay(1n), facts({ now })).outcome === 'ALLOW');
        expect(open).toHaveLength(1);
      }
    }
  });
});

test('a denial tells the day, the hour and the table', () => {
  const rules = { allowed_hours: { start: 9, end: 17 }, timezone: 'Europe/Berlin', allowed_days: [5, 1] };
  const policies = compilePolicies([row(), row({ id: id(2), type: 'TIME_RESTRICTION', rules })], AGENT);
  const policy = { type: 'TIME_RESTRICTION', id: id(2), version: 1 };
  const friday = evaluate(policies, pay(1n), facts({ now: at('2026-01-16T20:00:00Z') }));
  expect(friday).toEqual({
    outcome: 'DENY',
    code: 'POLICY_DENIED',
    reason: CLOSED,
    policyType: 'TIME_RESTRICTION',
    policyId: id(2),
    policyVersion: 1,
    criteria: [
      { policy, rule: 'allowed_days', observed: 5, limit: '1,5', passed: true },
      { policy, rule: 'allowed_hours', observed: 21, limit: '9-17 Europe/Berlin', passed: false },
    ],
  });
  expect(evaluate(policies, pay(1n), facts({ now: at('2026-01-15T12:00:00Z') }))).toMatchObject({
    reason: OTHER_DAY,
    criteria: [{ rule: 'allowed_days', observed: 4, limit: '1,5', passed: false }],
  });
});

test('a moment beyond all calendars denies', () => {
  const rules = { allowed_hours: { start: 0, end: 24 } };
  const policies = compilePolicies([row(), row({ id: id(2), type: 'TIME_RESTRICTION', rules })], AGENT);
  expect(evaluate(policies, pay(1n), facts({ now: 8_640_000_000_000 })).outcome).toBe('ALLOW');
  for (const now of [8_640_000_000_001, Number.MAX_SAFE_INTEGER]) {
    expect(evaluate(policies, pay(1n), facts({ now }))).toMatchObject({ reason: 'FACTS_UNKNOWN' });
  }
});
