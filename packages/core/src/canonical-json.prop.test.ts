import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';

const { value } = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((number) => number + 0),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

/** The same value with the keys of every object in the opposite order of insertion. */
const reversed = (it: unknown): CanonicalValue =>
  JSON.parse(JSON.stringify(it), (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).reverse())
      : item,
  );

test('is JSON of the same value, the same for every order of insertion, and stable when written again', () => {
  fc.assert(
    fc.property(value, (it) => {
      const encoded = canonicalJson(it);
      expect(JSON.parse(encoded)).toEqual(JSON.parse(JSON.stringify(it)));
      expect(canonicalJson(reversed(it))).toBe(encoded);
      expect(canonicalJson(JSON.parse(encoded))).toBe(encoded);
    }),
    { numRuns: 2_000 },
  );
});

test('two values share an encoding exactly when they are equal', () => {
  const word = fc.constantFrom('a', 'b', '1', '\ud800', '\\ud800', '\ufffd', '"', '__proto__');
  const { small } = fc.letrec<{ small: CanonicalValue }>((tie) => ({
    small: fc.oneof(
      { maxDepth: 2 },
      word,
      fc.nat({ max: 1 }),
      fc.constant(null),
      fc.array(tie('small'), { maxLength: 2 }),
      fc.dictionary(word, tie('small'), { maxKeys: 2, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(small, small, (a, b) => {
      expect(canonicalJson(a) === canonicalJson(b)).toBe(isDeepStrictEqual(a, b));
    }),
    { numRuns: 20_000 },
  );
});
