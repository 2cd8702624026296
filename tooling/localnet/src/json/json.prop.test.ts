import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from './json-value.ts';
import { parseJson } from './parse-json.ts';
import { stringifyJson } from './stringify-json.ts';

const integer = fc
  .bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    integer,
    fc.string(),
    fc.stringMatching(/^\d{20}$/),
    fc.array(tie('value')),
    fc.dictionary(
      fc.stringMatching(/^\w{0,8}$/).filter((key) => key !== '__proto__'),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
}));

describe('JSON with big integers', () => {
  test('every value comes back as it went out', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(parseJson(stringifyJson(original))).toEqual(original);
      }),
    );
  });

  test('integers are written raw and read in every digit', () => {
    expect(stringifyJson({ a: 2n ** 63n, b: undefined })).toBe('{"a":9223372036854775808}');
    expect(parseJson('[9007199254740993, 9007199254740991, 1e3, 0.1234567890123456]')).toEqual([
      9_007_199_254_740_993n,
      9_007_199_254_740_991,
      1000,
      0.1234567890123456,
    ]);
  });
});
