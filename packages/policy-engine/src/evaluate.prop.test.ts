import { assetId, canonicalJson, TIERS } from '@waiaas/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AGENT, id, OTHER, RULES, unchecked, verdict } from '../test/fixtures.ts';
import { referenceVerdict } from '../test/reference-decision.ts';
import { compilePolicies, evaluate, type Payment, type PaymentFacts, type PolicyRow } from './index.ts';

const STRICTNESS: readonly string[] = [...TIERS, 'DENY'];
const small = fc.bigInt({ min: 0n, max: 12n });
const bounds = fc.tuple(small, small, small).map((it) => it.sort((a, b) => (a < b ? -1 : 1)).map(String));
const caps = fc.tuple(fc.option(small), fc.nat({ max: 9 }), fc.boolean(), fc.boolean());

const amounts = fc.tuple(bounds, caps).map(([[instant_max = '0', notify_max = '0', delay_max = '0'], cap]) => {
  const [daily, more, hasDaily, hasWeekly] = cap;
  return {
    ...{ instant_max, notify_max, delay_max },
    ...(hasDaily ? { daily_max: `${daily ?? 3n}` } : {}),
    ...(hasWeekly ? { weekly_max: `${(daily ?? 3n) + BigInt(more)}` } : {}),
  };
});
const soundRules = fc.record(
  {
    chain: fc.constantFrom('solana', 'ethereum'),
    window: fc.constantFrom('rolling', 'calendar'),
    token_limits: fc.dictionary(fc.constantFrom('Mint1', 'solana:Mint2', 'ethereum:Mint1'), amounts, { maxKeys: 2 }),
    delay_seconds: fc.constant(900),
    approval_timeout: fc.constant(600),
  },
  { requiredKeys: [] },
);
const malformed = fc.constantFrom(undefined, null, {}, { ...RULES, x: 1 }, { ...RULES, instant_max: '-1' });
const arbitraryRow: fc.Arbitrary<PolicyRow> = fc.record({
  id: fc.nat({ max: 99 }).map(id),
  version: fc.integer({ min: 1, max: 9 }),
  agentId: fc.constantFrom(null, AGENT, OTHER),
  type: fc.oneof(
    { weight: 30, arbitrary: fc.constant('SPENDING_LIMIT') },
    { weight: 1, arbitrary: fc.constant('WHITELIST') },
  ),
  rules: fc.oneof(
    { weight: 30, arbitrary: fc.tuple(soundRules, amounts).map((parts) => Object.assign({}, ...parts)) },
    { weight: 1, arbitrary: malformed },
  ),
  priority: fc.integer({ min: -2, max: 2 }),
  enabled: fc.boolean(),
  authentic: fc.nat({ max: 30 }).map((number) => number > 0),
});
const rowsOf = fc.uniqueArray(arbitraryRow, { maxLength: 5, selector: (row) => row.id });

const payments: fc.Arbitrary<Payment> = fc
  .record({
    amount: fc.bigInt({ min: 0n, max: 15n }),
    to: fc.constant('To111111'),
    name: fc.constantFrom('solana:native', 'ethereum:native', 'solana:Mint1', 'solana:Mint2', 'ethereum:Mint1'),
  })
  .map(({ name, ...rest }) => ({ ...rest, asset: assetId(name), chain: name.startsWith('s') ? 'solana' : 'ethereum' }));
const sum = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 0n, max: 12n }) },
  { weight: 1, arbitrary: fc.constantFrom(null, -1n) },
);
const situations: fc.Arbitrary<PaymentFacts> = fc.record({
  now: fc.nat(),
  spent: fc.record({ day: sum, week: sum }),
  reserved: fc.bigInt({ min: 0n, max: 4n }),
  reachableChannels: fc.nat({ max: 3 }),
  minChannels: fc.nat({ max: 3 }),
  defaults: fc.constant({ delaySeconds: 300, approvalTimeoutSeconds: 3600 }),
});

const decide = (rows: readonly PolicyRow[], payment: Payment, facts: PaymentFacts) =>
  evaluate(compilePolicies(rows, AGENT), payment, facts);
const strictness = (rows: readonly PolicyRow[], payment: Payment, facts: PaymentFacts) =>
  STRICTNESS.indexOf(verdict(decide(rows, payment, facts)));

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every((field) => isDeeplyFrozen(field)));

test('every decision is that of the reference model', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(rowsOf, payments, situations, (rows, payment, facts) => {
      const decision = verdict(decide(rows, payment, facts));
      seen.add(decision);
      expect(decision).toBe(referenceVerdict(rows, AGENT, payment, facts));
    }),
    { numRuns: 10_000 },
  );
  expect([...seen].sort()).toEqual([...STRICTNESS].sort());
});

type Situation = { readonly rows: readonly PolicyRow[]; readonly payment: Payment; readonly facts: PaymentFacts };

/** Ways to know less, each of which changes one thing. */
const UNKNOWNS: Readonly<Record<string, (it: Situation, pick: number) => Situation>> = {
  'a row with a broken seal': (it, pick) => added(it, { authentic: false, enabled: pick % 2 === 0 }),
  'a row of a type that is not enforced': (it) => added(it, { type: 'WHITELIST', rules: { allowed_addresses: [] } }),
  'a row of an unknown type': (it, pick) => added(it, { type: 'QUOTA', agentId: pick % 2 === 0 ? null : AGENT }),
  'a row that cannot be read': (it, pick) => added(it, { rules: undefined, agentId: pick % 2 === 0 ? null : AGENT }),
  'the seal of a row broken': (it, pick) => altered(it, pick, () => ({ authentic: false })),
  'the rules of a row corrupted': (it, pick) => altered(it, pick, () => ({ rules: 'corrupt' })),
  'the type of a row unknown': (it, pick) => altered(it, pick, () => ({ type: 'LIMIT' })),
  'the day unknown': (it) => known(it, { spent: { ...it.facts.spent, day: forgotten(it.facts.spent.day) } }),
  'the week unknown': (it) => known(it, { spent: { ...it.facts.spent, week: forgotten(it.facts.spent.week) } }),
  'the reservations unknown': (it) => known(it, { reserved: unchecked(undefined) }),
  'impossible reservations': (it) => known(it, { reserved: -1n }),
  'the time unknown': (it) => known(it, { now: Number.NaN }),
  'the channels unknown': (it) => known(it, { reachableChannels: Number.NaN }),
  'no channel': (it) => known(it, { reachableChannels: 0 }),
  'the number of channels needed unknown': (it) => known(it, { minChannels: unchecked(null) }),
  'the amount unknown': (it) => ({ ...it, payment: { ...it.payment, amount: unchecked(null) } }),
};
/** An impossible sum stays: it is worse than none. */
const forgotten = (sum: bigint | null): bigint | null => (sum !== null && sum < 0n ? sum : null);
const known = (it: Situation, facts: Partial<PaymentFacts>): Situation => ({ ...it, facts: { ...it.facts, ...facts } });
const added = (it: Situation, change: Partial<PolicyRow>): Situation => {
  const base = { id: id(100), version: 1, agentId: null, type: 'SPENDING_LIMIT', rules: RULES, priority: 0 };
  return { ...it, rows: [...it.rows, { ...base, enabled: true, authentic: true, ...change }] };
};
const altered = (it: Situation, pick: number, change: () => Partial<PolicyRow>): Situation => ({
  ...it,
  rows: it.rows.map((row, index) => (index === pick % it.rows.length ? { ...row, ...change() } : row)),
});

test.each(Object.entries(UNKNOWNS))('promise 4: %s never makes the outcome milder', (_name, make) => {
  fc.assert(
    fc.property(rowsOf, payments, situations, fc.nat({ max: 9 }), (rows, payment, facts, pick) => {
      const less = make({ rows, payment, facts }, pick);
      expect(strictness(less.rows, less.payment, less.facts)).toBeGreaterThanOrEqual(strictness(rows, payment, facts));
    }),
    { numRuns: 1_500 },
  );
});

test('promise 9: the same input gives the same bytes, whatever the order of the rows and of their keys', () => {
  const shuffledKeys = (row: PolicyRow): PolicyRow => unchecked(Object.fromEntries(Object.entries(row).reverse()));
  fc.assert(
    fc.property(rowsOf, payments, situations, (rows, payment, facts) => {
      const first = canonicalJson(decide(rows, payment, facts));
      expect(canonicalJson(decide(rows, payment, facts))).toBe(first);
      expect(canonicalJson(decide(rows.map(shuffledKeys).reverse(), payment, facts))).toBe(first);
    }),
    { numRuns: 3_000 },
  );
});

test('compiled policies and decisions are frozen to the bottom, and the input stays as it was', () => {
  fc.assert(
    fc.property(rowsOf, payments, situations, (rows, payment, facts) => {
      const before = structuredClone({ rows, payment, facts });
      const policies = compilePolicies(rows, AGENT);
      expect(isDeeplyFrozen(policies)).toBe(true);
      expect(isDeeplyFrozen(evaluate(policies, payment, facts))).toBe(true);
      expect({ rows, payment, facts }).toEqual(before);
    }),
    { numRuns: 1_000 },
  );
});
