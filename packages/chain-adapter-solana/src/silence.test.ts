import { beforeEach, describe, expect, test } from 'vitest';
import { createSilence, type Silence } from './silence.ts';

const MINUTE = 60_000;
let now: number;
let silence: Silence;

beforeEach(() => {
  now = 1_800_000_000_000;
  silence = createSilence({ now: () => now });
});

/** Asked in vain every minute. @returns whether it had a say, each time */
const asked = (minutes: number): boolean[] =>
  Array.from({ length: minutes }, () => {
    now += MINUTE;
    return silence.kept();
  });

test('has a say for ten minutes, and none from then on while it is asked', () => {
  expect(silence.kept()).toBe(true);
  expect(asked(9)).toEqual(Array(9).fill(true));
  now += MINUTE - 1;
  expect(silence.kept()).toBe(true);
  now += 1;
  expect(silence.kept()).toBe(false);
  expect(asked(60)).toEqual(Array(60).fill(false));
});

test('a word ends it: it has its ten minutes again', () => {
  silence.kept();
  expect(asked(10).at(-1)).toBe(false);
  silence.broken();
  expect(silence.kept()).toBe(true);
  expect(asked(10)).toEqual([...Array(9).fill(true), false]);
});

describe('a pause in which nobody asked', () => {
  test('of hours says nothing about it', () => {
    silence.kept();
    now += 5 * 60 * MINUTE;
    expect(silence.kept()).toBe(true);
    now += 5 * 60 * MINUTE;
    expect(silence.kept()).toBe(true);
  });

  test('as long as until what has ended is looked up again is part of it', () => {
    silence.kept();
    now += 11 * MINUTE;
    expect(silence.kept()).toBe(false);
    now += 11 * MINUTE + 1;
    expect(silence.kept()).toBe(true);
  });
});

test('a clock that is set back lets it begin anew', () => {
  silence.kept();
  expect(asked(10).at(-1)).toBe(false);
  now -= 3 * 60 * MINUTE;
  expect(silence.kept()).toBe(true);
  expect(asked(10)).toEqual([...Array(9).fill(true), false]);
});
