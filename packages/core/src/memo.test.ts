import { describe, expect, test } from 'vitest';
import { memoProblem, memoSchema } from './memo.ts';

const taken = (memo: string): boolean => {
  const problem = memoProblem(memo);
  expect(memoSchema.safeParse(memo).success).toBe(problem === null);
  return problem === null;
};

describe('a memo', () => {
  test('has at most 200 characters', () => {
    expect(taken('a'.repeat(200))).toBe(true);
    expect(taken('a'.repeat(201))).toBe(false);
  });

  test('has at most 256 bytes: 85 Hangul syllables fit, 86 do not', () => {
    expect(taken('가'.repeat(85))).toBe(true);
    expect(taken('가'.repeat(86))).toBe(false);
    expect(taken(`${'가'.repeat(85)}a`)).toBe(true);
    expect(taken(`${'가'.repeat(85)}ab`)).toBe(false);
    expect(taken('😀'.repeat(64))).toBe(true);
    expect(taken('😀'.repeat(65))).toBe(false);
  });

  test.each(['\u0000', '\n', '\r', '\t', '\u001b', '\u007f', '\u0085', '\u009f'])(
    'holds no control character %j',
    (it) => {
      expect(taken(`a${it}b`)).toBe(false);
    },
  );

  test.each(['\ud800', '\udc00', 'a\ud83d', '\ude00b'])('holds no lone surrogate %j', (it) => {
    expect(taken(it)).toBe(false);
  });

  test('is not empty on the wire', () => expect(memoSchema.safeParse('').success).toBe(false));
});
