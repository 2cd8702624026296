import fc from 'fast-check';
import { expect, test } from 'vitest';
import { priorityBudget, priorityFee, unitPriceWithin } from './fee.ts';

const unitLimit = fc.integer({ min: 450, max: 1_400_000 });
const lamports = fc.bigInt({ min: 0n, max: 10n ** 12n });

test('a bid never costs more than its budget, and the budget never more than the cap', () => {
  fc.assert(
    fc.property(unitLimit, fc.bigInt({ min: 0n, max: 2n ** 63n }), lamports, (limit, price, cap) => {
      const budget = priorityBudget(limit, price, cap);
      expect(budget <= cap).toBe(true);
      expect(priorityFee(limit, unitPriceWithin(budget, limit)) <= budget).toBe(true);
    }),
  );
});

test('a bid uses its budget up to the lamport, for limits above a million but for one', () => {
  fc.assert(
    fc.property(unitLimit, lamports, (limit, budget) => {
      const unused = budget - priorityFee(limit, unitPriceWithin(budget, limit));
      expect(unused <= (limit <= 1_000_000 ? 0n : 1n)).toBe(true);
    }),
  );
});

test('raising the limit to tell equal payments apart never makes one dearer than its quote', () => {
  fc.assert(
    fc.property(unitLimit, fc.nat(50_000), lamports, (limit, twin, budget) => {
      expect(priorityFee(limit + twin, unitPriceWithin(budget, limit + twin)) <= budget).toBe(true);
    }),
  );
});
