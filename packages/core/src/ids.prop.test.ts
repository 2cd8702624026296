import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIdGenerator, isUuidV7 } from './ids.ts';

test('whatever the clock does, ids are valid, distinct and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 60 }), (steps) => {
      let now = 1_700_000_000_000;
      const { next } = createIdGenerator({ now: () => now }, randomBytes);
      let last = '';
      for (const step of steps) {
        now += step;
        const id = next();
        expect(isUuidV7(id)).toBe(true);
        expect(id > last).toBe(true);
        last = id;
      }
    }),
    { numRuns: 2_000 },
  );
});
