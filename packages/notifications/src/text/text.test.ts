import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytes, cut, foreign, oneLine, PLAIN_STYLE, type Style, say, units, write } from './text.ts';

const MARKED: Style = {
  plain: (words) => words.replace(/[\\*]/g, '\\$&'),
  foreign: (words) => `[${words}]`,
  measure: units,
};

test('what others wrote stays apart from what we say', () => {
  expect(say`Agent ${foreign('x')} pays ${5}.`).toEqual(['Agent ', { foreign: 'x' }, ' pays 5.']);
  expect(say`a${say`b${foreign('c')}d`}e`).toEqual(['ab', { foreign: 'c' }, 'de']);
});

test('a foreign text is one line of what can be seen', () => {
  expect(oneLine('a\u202Eb\u2066c\u200Bd\u0000e\r\nf\u2028g')).toBe('abcd e f g');
  expect(foreign(' \n\t ')).toEqual({ foreign: '—' });
  expect(oneLine('👩‍👩‍👧')).toBe('👩‍👩‍👧');
  expect(oneLine('\ud800x')).toBe('\ufffdx');
  expect([...foreign('x'.repeat(5000)).foreign]).toHaveLength(500);
});

describe('cutting', () => {
  test('never goes through a character', () => {
    expect(cut('🚨🚨🚨', 2)).toBe('🚨…');
    expect(write([{ foreign: '🚨'.repeat(10) }], PLAIN_STYLE, 8)).toBe('“🚨🚨…”');
  });

  test('never goes through an escape, and closes what it opened', () => {
    for (let max = 1; max <= 12; max++) {
      const written = write(['****', { foreign: 'abc' }], MARKED, max);
      expect(written.length).toBeLessThanOrEqual(max);
      expect(written).toMatch(/^(\\\*)*…?(\[.*\])?$/);
    }
  });

  test('property: what fits is whole, what is written never exceeds its limit', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map(foreign),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 0, max: 80 }), (text, max) => {
        for (const style of [MARKED, { ...MARKED, measure: bytes }]) {
          const whole = write(text, style, Number.MAX_SAFE_INTEGER);
          const written = write(text, style, max);
          expect(style.measure(written)).toBeLessThanOrEqual(Math.max(max, 0));
          if (style.measure(whole) <= max) expect(written).toBe(whole);
        }
      }),
      { numRuns: 300 },
    );
  });
});
