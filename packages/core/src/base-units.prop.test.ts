import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountSchema, limitSchema, parseBaseUnits, parseUnits } from './base-units.ts';
import { formatUnits } from './format-units.ts';

const amount = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n }), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }));

test('what is written for people is read back to the same amount', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 190n }), fc.nat({ max: 30 }), (value, decimals) => {
      const [written = ''] = formatUnits(value, decimals, 'X').split(' ');
      expect(parseUnits(written, decimals)).toBe(value);
      expect(written).not.toMatch(/\.\d*0$/);
    }),
    { numRuns: 5_000 },
  );
});

test('every amount has one text and is read back from it', () => {
  fc.assert(
    fc.property(amount, (value) => {
      expect(parseBaseUnits(value.toString())).toBe(value);
    }),
  );
});

test('a text is taken only when it is the one text of its amount, and everything agrees on that', () => {
  const nearly = fc.string({ unit: fc.constantFrom(...'0123456789+-. exn_٥\n'), maxLength: 82 });
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string()), (text) => {
      const canonical = /^\d{1,78}$/.test(text) && BigInt(text).toString() === text;
      expect(limitSchema.safeParse(text).success).toBe(canonical);
      expect(amountSchema.safeParse(text).success).toBe(canonical && text !== '0');
      if (canonical) expect(parseBaseUnits(text)).toBe(BigInt(text));
      else expect(() => parseBaseUnits(text)).toThrow(RangeError);
    }),
    { numRuns: 5_000 },
  );
});
