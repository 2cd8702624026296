import { assetId, canonicalJson, TIERS } from '@waiaas/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AGENT, CONTRACT, ELSE, id, MINT, OTHER, OTHER_MINT, RULES, TO, unchecked, verdict } from '../test/fixtures.ts';
import { referenceVerdict } from '../test/reference-decision.ts';
import {
  blockedPolicies,
  compilePolicies,
  decodeFacts,
  encodeFacts,
  evaluate,
  factsNeeded,
  type Payment,
  type PaymentFacts,
  type PolicyRow,
  policyReferences,
} from './index.ts';

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
/** Keys of limits; some are two spellings of one asset, which no rules may hold both of. */
const TOKEN_KEYS = [MINT, `solana:${OTHER_MINT}`, `ethereum:${CONTRACT}`, `ethereum:${CONTRACT.toLowerCase()}`];
const ASSETS = [
  'solana:native',
  'ethereum:native',
  `solana:${MINT}`,
  `solana:${OTHER_MINT}`,
  `ethereum:${CONTRACT.toLowerCase()}`,
];
const soundRules = fc.record(
  {
    chain: fc.constantFrom('solana', 'ethereum'),
    window: fc.constantFrom('rolling', 'calendar'),
    token_limits: fc.dictionary(fc.constantFrom(...TOKEN_KEYS), amounts, { maxKeys: 2 }),
    delay_seconds: fc.constant(900),
    approval_timeout: fc.constant(600),
  },
  { requiredKeys: [] },
);
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'America/St_Johns'];
const lists = fc.oneof(
  fc.record({ allowed_addresses: fc.subarray([TO, ELSE]) }),
  fc.record({ chain: fc.constant('ethereum'), allowed_addresses: fc.subarray([CONTRACT, `0x${'0'.repeat(40)}`]) }),
);
const timeTables = fc.record(
  {
    allowed_hours: fc
      .record({ start: fc.integer({ min: 0, max: 23 }), end: fc.integer({ min: 0, max: 24 }) })
      .filter(({ start, end }) => start !== end),
    timezone: fc.constantFrom(...ZONES),
    allowed_days: fc.subarray([0, 1, 2, 3, 4, 5, 6]),
  },
  { requiredKeys: ['allowed_hours'] },
);
const rates = fc.record(
  { max_tx_per_hour: fc.nat({ max: 5 }), max_tx_per_day: fc.nat({ max: 5 }) },
  { requiredKeys: [] },
);
const malformed = fc.constantFrom(
  undefined,
  null,
  { ...RULES, x: 1 },
  { ...RULES, instant_max: '-1' },
  { addresses: [] },
);
const shares = fc.constantFrom(
  {},
  {},
  { max_balance_share: 1 },
  { max_balance_share: 333 },
  { max_balance_share: 1000 },
);
const spendingLimits = fc.tuple(soundRules, amounts, shares).map((parts): object => Object.assign({}, ...parts));
const typed = fc.oneof(
  { weight: 40, arbitrary: spendingLimits.map((rules) => ({ type: 'SPENDING_LIMIT', rules })) },
  { weight: 20, arbitrary: lists.map((rules) => ({ type: 'WHITELIST', rules })) },
  { weight: 20, arbitrary: timeTables.map((rules) => ({ type: 'TIME_RESTRICTION', rules })) },
  { weight: 20, arbitrary: rates.map((rules) => ({ type: 'RATE_LIMIT', rules })) },
  { weight: 1, arbitrary: fc.constant({ type: 'QUOTA', rules: {} }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('SPENDING_LIMIT', 'WHITELIST', 'TIME_RESTRICTION'),
      rules: malformed,
    }),
  },
);
const arbitraryRow: fc.Arbitrary<PolicyRow> = fc
  .record({
    id: fc.nat({ max: 99 }).map(id),
    version: fc.integer({ min: 1, max: 9 }),
    agentId: fc.constantFrom(null, AGENT, OTHER),
    typed,
    priority: fc.integer({ min: -2, max: 2 }),
    enabled: fc.nat({ max: 4 }).map((number) => number > 0),
    authentic: fc.nat({ max: 60 }).map((number) => number > 0),
  })
  .map(({ typed: { type, rules }, ...rest }) => ({ ...rest, type, rules }));
/** Two sets of three hold a limit that judges the payments below, so that not all end before one is asked. */
const generousRow = fc.tuple(shares, fc.boolean()).map(([share, capped]): PolicyRow => {
  const limits = { instant_max: '5', notify_max: '8', delay_max: '11', ...(capped ? { daily_max: '30' } : {}) };
  const token_limits = { [capped ? MINT : `ethereum:${CONTRACT}`]: limits, 'ethereum:native': limits };
  const rules = { ...limits, ...share, token_limits };
  const base = { id: id(50), version: 1, agentId: AGENT, type: 'SPENDING_LIMIT', priority: 3 };
  return { ...base, rules, enabled: true, authentic: true };
});
const rowsOf = fc
  .tuple(
    fc.uniqueArray(arbitraryRow, { maxLength: 6, selector: (row) => row.id }),
    fc.option(generousRow, { freq: 3, nil: null }),
  )
  .map(([rows, generous]) => (generous === null ? rows : [...rows.filter((row) => row.id !== generous.id), generous]));

const payments: fc.Arbitrary<Payment> = fc
  .record({
    amount: fc.oneof(
      { weight: 40, arbitrary: fc.bigInt({ min: 1n, max: 15n }) },
      { weight: 1, arbitrary: fc.constant(0n) },
    ),
    solana: fc.constantFrom(TO, TO, ELSE, TO.toLowerCase()),
    ethereum: fc.constantFrom(
      CONTRACT,
      CONTRACT.toLowerCase(),
      `0x${CONTRACT.slice(2).toUpperCase()}`,
      `0x${'1'.repeat(40)}`,
    ),
    name: fc.constantFrom(...ASSETS),
  })
  .map(({ amount, name, ...to }) => {
    const chain = name.startsWith('s') ? 'solana' : 'ethereum';
    return { amount, asset: assetId(name), chain, to: to[chain] };
  });
const sum = fc.oneof(
  { weight: 40, arbitrary: fc.bigInt({ min: 0n, max: 12n }) },
  { weight: 1, arbitrary: fc.constantFrom(null, -1n) },
);
const count = fc.oneof(
  { weight: 40, arbitrary: fc.nat({ max: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, -1) },
);
const situations: fc.Arbitrary<PaymentFacts> = fc.record(
  {
    now: fc.nat(),
    spent: fc.record({ day: sum, week: sum }),
    reserved: fc.bigInt({ min: 0n, max: 4n }),
    recentTransactions: fc.record({ hour: count, day: count }),
    balance: fc.oneof(
      { weight: 40, arbitrary: fc.bigInt({ min: 0n, max: 45n }) },
      { weight: 1, arbitrary: fc.constantFrom(null, -1n) },
    ),
    reachableChannels: fc.nat({ max: 3 }),
    minChannels: fc.nat({ max: 3 }),
    defaults: fc.constant({ delaySeconds: 300, approvalTimeoutSeconds: 3600 }),
  },
  { requiredKeys: ['now', 'spent', 'reserved', 'reachableChannels', 'minChannels', 'defaults'] },
);

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
  const reasons = new Set<string | null>();
  fc.assert(
    fc.property(rowsOf, payments, situations, (rows, payment, facts) => {
      const decision = decide(rows, payment, facts);
      seen.add(verdict(decision));
      reasons.add(decision.outcome === 'DENY' ? decision.reason : decision.raisedBy);
      expect(verdict(decision)).toBe(referenceVerdict(rows, AGENT, payment, facts));
    }),
    { numRuns: 20_000 },
  );
  expect([...seen].sort()).toEqual([...STRICTNESS].sort());
  // Every way to end was among the runs: 11 reasons to deny, 3 to raise, and none.
  expect(reasons.size).toBe(15);
});

type Situation = { readonly rows: readonly PolicyRow[]; readonly payment: Payment; readonly facts: PaymentFacts };

/** Ways to know less, each of which changes one thing. */
const UNKNOWNS: Readonly<Record<string, (it: Situation, pick: number) => Situation>> = {
  'a row with a broken seal': (it, pick) => added(it, { authentic: false, enabled: pick % 2 === 0 }),
  'a row of an unknown type': (it, pick) => added(it, { type: 'QUOTA', agentId: pick % 2 === 0 ? null : AGENT }),
  'a row that cannot be read': (it, pick) => added(it, { rules: undefined, agentId: pick % 2 === 0 ? null : AGENT }),
  'the seal of a row broken': (it, pick) => altered(it, pick, () => ({ authentic: false })),
  'the rules of a row corrupted': (it, pick) => altered(it, pick, () => ({ rules: 'corrupt' })),
  'the type of a row unknown': (it, pick) => altered(it, pick, () => ({ type: 'LIMIT' })),
  'the day unknown': (it) => known(it, { spent: { ...it.facts.spent, day: forgotten(it.facts.spent.day) } }),
  'the week unknown': (it) => known(it, { spent: { ...it.facts.spent, week: forgotten(it.facts.spent.week) } }),
  'the reservations unknown': (it) => known(it, { reserved: unchecked(undefined) }),
  'impossible reservations': (it) => known(it, { reserved: -1n }),
  'the recent transactions unknown': ({ facts: { recentTransactions, ...facts }, ...it }) =>
    recentTransactions === undefined || [recentTransactions.hour, recentTransactions.day].includes(-1)
      ? { ...it, facts: { ...facts, ...(recentTransactions === undefined ? {} : { recentTransactions }) } }
      : { ...it, facts },
  'impossible counts': (it) => known(it, { recentTransactions: { hour: Number.NaN, day: -1 } }),
  'the balance unknown': (it) => known(it, { balance: forgotten(it.facts.balance ?? null) }),
  'an impossible balance': (it) => known(it, { balance: -1n }),
  'a balance that is no amount': (it) => known(it, { balance: unchecked(10) }),
  'the recipient unknown': (it) => ({ ...it, payment: { ...it.payment, to: unchecked(undefined) } }),
  'the time out of reach': (it) => known(it, { now: Number.MAX_SAFE_INTEGER }),
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

test('promise 9: stored facts and versions in force decide the same again, to the byte', () => {
  fc.assert(
    fc.property(rowsOf, payments, situations, (rows, payment, facts) => {
      const policies = compilePolicies(rows, AGENT);
      const first = canonicalJson(evaluate(policies, payment, facts));
      const kept = policyReferences(policies).map((it) => rows.filter((row) => row.id === it.id));
      const again =
        policies.blocker === null ? compilePolicies(kept.flat(), AGENT) : blockedPolicies(AGENT, policies.blocker);
      expect(canonicalJson(evaluate(again, payment, decodeFacts(encodeFacts(facts))))).toBe(first);
    }),
    { numRuns: 5_000 },
  );
});

test('no facts are needed beyond those that are asked for', () => {
  const nothing = { spent: { day: null, week: null } };
  fc.assert(
    fc.property(rowsOf, payments, situations, (rows, payment, facts) => {
      const policies = compilePolicies(rows, AGENT);
      const needed = factsNeeded(policies, payment, facts.now);
      const full: PaymentFacts = {
        ...facts,
        spent: { day: 1n, week: 2n },
        recentTransactions: { hour: 1, day: 2 },
        balance: 9n,
      };
      const { balance: _balance, recentTransactions: _recent, ...rest } = { ...full, ...nothing };
      const asked = (names: readonly { readonly name: string }[], name: string) => names.some((it) => it.name === name);
      const least: PaymentFacts = {
        ...rest,
        spent: { day: asked(needed.spent, 'day') ? 1n : null, week: asked(needed.spent, 'week') ? 2n : null },
        ...(needed.recentTransactions.length === 0
          ? {}
          : {
              recentTransactions: {
                hour: asked(needed.recentTransactions, 'hour') ? 1 : null,
                day: asked(needed.recentTransactions, 'day') ? 2 : null,
              },
            }),
        ...(needed.balance ? { balance: 9n } : {}),
      };
      expect(canonicalJson(evaluate(policies, payment, least))).toBe(canonicalJson(evaluate(policies, payment, full)));
    }),
    { numRuns: 5_000 },
  );
});

test('criteria tell each policy that was consulted, and the check that refused comes last', () => {
  fc.assert(
    fc.property(rowsOf, payments, situations, (rows, payment, facts) => {
      const policies = compilePolicies(rows, AGENT);
      const decision = evaluate(policies, payment, facts);
      const { criteria } = decision;
      const known = policyReferences(policies).map((it) => canonicalJson(it));
      for (const { policy } of criteria) if (policy !== null) expect(known).toContain(canonicalJson(policy));
      if (decision.outcome === 'DENY') {
        expect(criteria.at(-1)).toMatchObject({ passed: false });
        const last = criteria.at(-1)?.policy;
        if (last) expect([decision.policyType, decision.policyId]).toEqual([last.type, last.id]);
      } else if (policies.whitelist !== null || policies.timeRestriction !== null) {
        expect(criteria[0]?.policy?.type).toBe(policies.whitelist === null ? 'TIME_RESTRICTION' : 'WHITELIST');
      }
    }),
    { numRuns: 3_000 },
  );
});
