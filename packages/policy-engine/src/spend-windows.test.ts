import { assetId } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { AGENT, MINT, pay, RULES, row, unchecked } from '../test/fixtures.ts';
import { compilePolicies, spendWindows } from './index.ts';

const at = (iso: string): number => Date.parse(iso) / 1000;
const windows = (rules: unknown, now: number, asset = 'solana:native') =>
  spendWindows(compilePolicies([row({ rules })], AGENT), pay(1n, { asset: assetId(asset) }), now);
const both = { ...RULES, daily_max: '1', weekly_max: '1' };

/** The first second that counts, by window. */
const firstCounted = (window: 'rolling' | 'calendar', now: number) =>
  Object.fromEntries(windows({ ...both, window }, now).map(({ name, since }) => [name, since + 1]));

describe('which sums are asked for', () => {
  const now = at('2026-01-15T12:00:00Z');

  test('none where no cap applies', () => {
    expect(windows(RULES, now)).toEqual([]);
    expect(windows(both, now, `solana:${MINT}`)).toEqual([]);
    expect(spendWindows(compilePolicies([], AGENT), pay(1n), now)).toEqual([]);
    expect(spendWindows(compilePolicies([row({ authentic: false })], AGENT), pay(1n), now)).toEqual([]);
  });

  test('those of the caps of the asset that is paid', () => {
    const rules = { ...RULES, daily_max: '1', token_limits: { [MINT]: { ...RULES, weekly_max: '1' } } };
    expect(windows(rules, now)).toEqual([{ name: 'day', since: now - 86_400 }]);
    expect(windows(rules, now, `solana:${MINT}`)).toEqual([{ name: 'week', since: now - 604_800 }]);
    expect(windows(both, now).map(({ name }) => name)).toEqual(['day', 'week']);
  });

  test('none for a name that limits only seem to hold because every object has it', () => {
    for (const asset of ['constructor', '__proto__', 'toString']) {
      expect(
        spendWindows(compilePolicies([row({ rules: both })], AGENT), pay(1n, { asset: unchecked(asset) }), now),
      ).toEqual([]);
    }
  });

  test('the answer is frozen', () => {
    const queries = windows(both, now);
    expect(Object.isFrozen(queries) && queries.every((query) => Object.isFrozen(query))).toBe(true);
  });
});

describe('rolling windows', () => {
  test('a spend counts for exactly 86,400 and 604,800 seconds', () => {
    const spend = at('2026-01-15T12:00:00Z');
    const counts = (name: string, now: number) => spend >= (firstCounted('rolling', now)[name] ?? 0);
    expect([86_399, 86_400].map((age) => counts('day', spend + age))).toEqual([true, false]);
    expect([604_799, 604_800].map((age) => counts('week', spend + age))).toEqual([true, false]);
  });
});

describe('calendar windows', () => {
  test.each([
    ['a Thursday noon', '2026-01-15T12:00:00Z', '2026-01-15T00:00:00Z', '2026-01-12T00:00:00Z'],
    ['the first second of a Monday', '2026-01-12T00:00:00Z', '2026-01-12T00:00:00Z', '2026-01-12T00:00:00Z'],
    ['the last second of a Sunday', '2026-01-11T23:59:59Z', '2026-01-11T00:00:00Z', '2026-01-05T00:00:00Z'],
    ['a week across new year', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2025-12-29T00:00:00Z'],
    ['a leap day', '2028-02-29T13:14:15Z', '2028-02-29T00:00:00Z', '2028-02-28T00:00:00Z'],
    ['the night clocks change in Europe', '2026-03-29T01:30:00Z', '2026-03-29T00:00:00Z', '2026-03-23T00:00:00Z'],
    ['the epoch, a Thursday', '1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '1969-12-29T00:00:00Z'],
  ])('%s', (_name, now, day, week) => {
    expect(firstCounted('calendar', at(now))).toEqual({ day: at(day), week: at(week) });
  });

  test('over ten years, each moment lies in a UTC day of 86,400 s and a week of 604,800 s from Monday', () => {
    for (let now = at('2020-01-01T00:00:00Z'); now < at('2030-01-01T00:00:00Z'); now += 79_199) {
      const { day = 0, week = 0 } = firstCounted('calendar', now);
      const start = new Date(week * 1000);
      expect([start.getUTCDay(), start.toISOString().slice(11)]).toEqual([1, '00:00:00.000Z']);
      expect(new Date(day * 1000).toISOString().slice(0, 10)).toBe(new Date(now * 1000).toISOString().slice(0, 10));
      expect(now - day < 86_400 && now - week < 604_800 && day % 86_400 === 0).toBe(true);
    }
  });
});
