import { AGENT_STATUSES, canonicalJson, SUSPENSION_REASONS, TIERS, TRANSACTION_STATUSES } from '@waiaas/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHead, encodeHead, type Head, type Mark } from './head.ts';

const time = fc.nat();
const units = fc.bigInt({ min: 0n, max: 2n ** 256n });
const text = fc.string({ unit: 'binary', maxLength: 8 });
const MARKS: readonly Mark[] = ['policies', 'sessions', 'settings', 'autoStop'];

const mapOf = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>): fc.Arbitrary<ReadonlyMap<K, V>> =>
  fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => new Map(entries));

const head: fc.Arbitrary<Head> = fc.record({
  open: mapOf(
    text,
    fc.record({
      seal: text,
      sessionId: fc.option(text),
      asset: text,
      reserved: fc.option(units),
      tier: fc.option(fc.constantFrom(...TIERS)),
      status: fc.constantFrom(...TRANSACTION_STATUSES),
    }),
  ),
  spent: mapOf(
    text,
    fc.record({
      settledAt: time,
      cumulative: units,
      seal: text,
      runs: fc.array(fc.record({ run: fc.option(text), from: units, until: time }), { maxLength: 3 }),
    }),
  ),
  marks: mapOf(fc.constantFrom(...MARKS), time),
  rents: fc.option(fc.array(fc.record({ at: time, amount: units }), { maxLength: 3 })),
  recent: fc.option(fc.array(fc.record({ at: time, count: time }), { maxLength: 5 })),
  agent: fc.option(
    fc.record({
      status: fc.constantFrom(...AGENT_STATUSES),
      reason: fc.option(fc.constantFrom(...SUSPENSION_REASONS)),
    }),
  ),
  readFrom: fc.option(fc.record({ auditId: time.map((id) => id + 1), hash: fc.constant('0f'.repeat(32)) })),
});

test('a head is written as canonical JSON, the same each time, and read as it was', () => {
  fc.assert(
    fc.property(head, (any) => {
      const encoded = encodeHead(any);
      expect(encoded).toBe(canonicalJson(JSON.parse(encoded)));
      expect(decodeHead(encoded)).toEqual(any);
      expect(encodeHead({ ...any })).toBe(encoded);
      const one = { at: 5, count: 1 };
      const more = { ...any, recent: [...(any.recent ?? []), one] };
      expect(decodeHead(encodeHead(more))).toEqual(more);
    }),
    { numRuns: 500 },
  );
});
