import { canonicalJson } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { AGENT, ELSE, facts, id, MINT, OTHER, pay, RULES, row, TO, unchecked, verdict } from '../test/fixtures.ts';
import { blockedPolicies, compilePolicies, evaluate, type PolicyRow, policyReferences } from './index.ts';

/** Rules whose INSTANT bound tells which of them was used. */
const upTo = (bound: number) => ({ instant_max: `${bound}`, notify_max: `${bound}`, delay_max: `${bound}` });
const bound = (rows: readonly PolicyRow[]) => {
  const policies = compilePolicies(rows, AGENT);
  expect(policies.blocker).toBeNull();
  return policies.spendingLimit?.limits[pay(1n).asset]?.instantMax ?? null;
};
const denies = (rows: readonly PolicyRow[]) => {
  const decision = evaluate(compilePolicies(rows, AGENT), pay(1n), facts());
  return decision.outcome === 'DENY' ? decision.reason : verdict(decision);
};

describe('which rule counts (04 §10, §27 row 18)', () => {
  const global = (number: number, priority: number, change: Partial<PolicyRow> = {}) =>
    row({ id: id(number), priority, rules: upTo(number), ...change });
  const own = (number: number, priority: number, change: Partial<PolicyRow> = {}) =>
    global(number, priority, { agentId: AGENT, ...change });

  test.each<[string, readonly PolicyRow[], bigint | null]>([
    ['no policy: no limit in force', [], null],
    ['the only global rule', [global(1, 0)], 1n],
    ['an agent rule of priority -5 beats a global one of 100', [global(1, 100), own(2, -5)], 2n],
    ['disabling the agent rule makes the global one live again', [global(1, 100), own(2, -5, { enabled: false })], 1n],
    ['the highest priority within a scope', [global(1, 0), global(2, 7), global(3, 5)], 2n],
    ['the lower id among equals', [global(3, 5), global(2, 5), global(4, 5)], 2n],
    ['the highest of several agent rules', [own(1, 1), own(2, 2), global(3, 9)], 2n],
    ['a lower rule of the type is not added to the first', [own(5, 2), own(1, 1)], 5n],
    ["another agent's rules do not count", [global(1, 0), global(2, 50, { agentId: OTHER })], 1n],
    ["another agent's rules alone leave no limit in force", [global(2, 50, { agentId: OTHER })], null],
    ['only disabled rules leave no limit in force', [global(1, 0, { enabled: false })], null],
    ['negative priorities are compared as numbers', [global(1, -10), global(2, -9)], 2n],
  ])('%s', (_name, rows, expected) => {
    expect(bound(rows)).toBe(expected);
    expect(bound(rows.toReversed())).toBe(expected);
  });

  test('an edit counts at the next compilation, with its version', () => {
    const edited = row({ version: 8, rules: upTo(3) });
    expect(compilePolicies([edited], AGENT).spendingLimit).toMatchObject({ policy: { id: id(1), version: 8 } });
    expect(bound([edited])).toBe(3n);
  });
});

describe('which rule of each type counts (04 §10)', () => {
  const listing = (...allowed_addresses: string[]) => ({ type: 'WHITELIST', rules: { allowed_addresses } });
  const rate = (max_tx_per_hour: number) => ({ type: 'RATE_LIMIT', rules: { max_tx_per_hour } });
  const hours = (start: number) => ({ type: 'TIME_RESTRICTION', rules: { allowed_hours: { start, end: 24 } } });
  const references = (rows: readonly PolicyRow[]) =>
    policyReferences(compilePolicies(rows, AGENT)).map((it) => [it.type, it.id]);

  test('at most one of each type, in the order in which they are consulted', () => {
    const rows = [
      row({ id: id(1) }),
      row({ id: id(2), ...rate(1) }),
      row({ id: id(3), ...rate(2), priority: 1 }),
      row({ id: id(4), ...hours(1) }),
      row({ id: id(5), ...listing(TO) }),
      row({ id: id(6), ...listing(ELSE), agentId: OTHER, priority: 99 }),
    ];
    const expected = [
      ['WHITELIST', id(5)],
      ['TIME_RESTRICTION', id(4)],
      ['RATE_LIMIT', id(3)],
      ['SPENDING_LIMIT', id(1)],
    ];
    expect(references(rows)).toEqual(expected);
    expect(references(rows.toReversed())).toEqual(expected);
  });

  test('a rule of the agent replaces the global ones of its own type and no others', () => {
    const rows = [
      row({ id: id(1) }),
      row({ id: id(2), ...rate(1), priority: 100 }),
      row({ id: id(3), ...hours(1), priority: 100 }),
      row({ id: id(4), ...rate(9), agentId: AGENT, priority: -5 }),
    ];
    expect(references(rows)).toEqual([
      ['TIME_RESTRICTION', id(3)],
      ['RATE_LIMIT', id(4)],
      ['SPENDING_LIMIT', id(1)],
    ]);
    const off = rows.map((it) => (it.id === id(4) ? { ...it, enabled: false } : it));
    expect(references(off)).toContainEqual(['RATE_LIMIT', id(2)]);
  });

  test("an agent's empty list switches off the global one; its own of higher priority switches it on", () => {
    const global = row({ id: id(2), ...listing(ELSE) });
    const open = row({ id: id(3), ...listing(), agentId: AGENT });
    expect(denies([row(), global])).toBe('WHITELIST_DENIED');
    expect(denies([row(), global, open])).toBe('INSTANT');
    const strict = row({ id: id(4), ...listing(ELSE), agentId: AGENT, priority: 1 });
    expect(denies([row(), global, open, strict])).toBe('WHITELIST_DENIED');
  });

  test('compiling the rows in force alone gives the same policies', () => {
    const rows = [
      row({ id: id(1) }),
      row({ id: id(2), ...rate(1), priority: 100 }),
      row({ id: id(4), ...rate(9), agentId: AGENT, priority: -5 }),
      row({ id: id(5), ...listing(TO, ELSE) }),
    ];
    const policies = compilePolicies(rows, AGENT);
    const kept = policyReferences(policies).map(({ id: of }) => of);
    const again = compilePolicies(
      rows.filter((it) => kept.includes(it.id)),
      AGENT,
    );
    expect(canonicalJson(again)).toBe(canonicalJson(policies));
  });
});

describe('a stored policy that cannot be applied denies (09 no. 4)', () => {
  const good = row();
  const bad = (change: Partial<PolicyRow>) => row({ id: id(2), ...change });

  test.each(['ALLOWED_ADDRESSES', 'whitelist', 'spending_limit', 'AUTO_STOP', '', '__proto__', 'constructor'])(
    'a rule of type %j is never ignored',
    (type) => {
      expect(denies([good, bad({ type, rules: {} })])).toBe('POLICY_TYPE_UNKNOWN');
      expect(denies([good, bad({ type, rules: {}, agentId: AGENT, priority: -100 })])).toBe('POLICY_TYPE_UNKNOWN');
    },
  );

  test.each<[string, unknown]>([
    ['not JSON', undefined],
    ['null', null],
    ['a list', []],
    ['a text', JSON.stringify(RULES)],
    ['a number', 5],
    ['empty', {}],
    ['with a bound missing', { instant_max: '1', notify_max: '2' }],
    ['with a number as bound', { ...RULES, instant_max: 10 }],
    ['with a negative bound', { ...RULES, instant_max: '-1' }],
    ['with a hexadecimal bound', { ...RULES, delay_max: '0xffffff' }],
    ['with a bound of 79 digits', { ...RULES, delay_max: '9'.repeat(79) }],
    ['with a bound that is no number', { ...RULES, instant_max: 'ten' }],
    ['with bounds out of order', { ...RULES, instant_max: '101' }],
    ['with caps out of order', { ...RULES, daily_max: '2', weekly_max: '1' }],
    ['with an unknown key', { ...RULES, dailyMax: '5' }],
    ['with a __proto__ of its own', JSON.parse('{"instant_max":"1","notify_max":"1","delay_max":"1","__proto__":{}}')],
    ['of an unknown chain', { ...RULES, chain: 'bitcoin' }],
    ['of an unknown window', { ...RULES, window: 'monthly' }],
    ['with a token limit out of order', { ...RULES, token_limits: { [MINT]: { ...RULES, delay_max: '1' } } }],
    ['with a token limit of no asset', { ...RULES, token_limits: { 'USD Coin': RULES } }],
    ['with two limits for one asset', { ...RULES, token_limits: { [MINT]: RULES, [`solana:${MINT}`]: RULES } }],
    ['with no delay', { ...RULES, delay_seconds: 0 }],
    [
      'that break whoever reads them',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('hostile');
          },
          get: () => {
            throw new Error('hostile');
          },
        },
      ),
    ],
  ])('rules %s', (_name, rules) => {
    expect(denies([row({ rules })])).toBe('POLICY_MALFORMED');
    // Neither a lower priority nor an override hides it.
    expect(denies([row({ agentId: AGENT, priority: 9 }), bad({ rules, priority: -9 })])).toBe('POLICY_MALFORMED');
  });

  test.each<[string, unknown]>([
    ['WHITELIST', {}],
    ['WHITELIST', { addresses: [] }],
    ['WHITELIST', { allowed_addresses: ['x'] }],
    ['WHITELIST', { allowed_addresses: {} }],
    ['WHITELIST', { max_tx_per_hour: 5 }],
    ['WHITELIST', undefined],
    ['TIME_RESTRICTION', {}],
    ['TIME_RESTRICTION', { allowed_hours: { start: 5, end: 5 } }],
    ['TIME_RESTRICTION', { allowed_hours: { start: 5, end: 25 } }],
    ['TIME_RESTRICTION', { allowed_hours: { start: 5, end: 6 }, timezone: 'Mars/Olympus' }],
    ['TIME_RESTRICTION', { allowed_hours: { start: 5, end: 6 }, allowed_days: [7] }],
    ['TIME_RESTRICTION', null],
    ['RATE_LIMIT', { max_tx_per_hour: -1 }],
    ['RATE_LIMIT', { max_tx_per_hour: '5' }],
    ['RATE_LIMIT', { allowed_addresses: [] }],
    ['RATE_LIMIT', 'text'],
    ['SPENDING_LIMIT', { ...RULES, max_balance_share: 0 }],
    ['SPENDING_LIMIT', { ...RULES, max_balance_share: 1001 }],
  ])('rules of type %s: %j', (type, rules) => {
    expect(denies([good, bad({ type, rules })])).toBe('POLICY_MALFORMED');
    expect(denies([good, bad({ type, rules, agentId: AGENT, priority: -9 })])).toBe('POLICY_MALFORMED');
    expect(denies([good, bad({ type, rules, enabled: false })])).toBe('INSTANT');
  });

  test.each([
    ['priority', Number.NaN],
    ['priority', 0.5],
    ['version', Number.NaN],
    ['version', null],
    ['enabled', 1],
    ['enabled', null],
  ])('a row whose %s is %s', (key, value) => {
    expect(denies([good, bad(unchecked({ [key]: value }))])).toBe('POLICY_MALFORMED');
  });

  test('a broken seal, whatever the row says of itself', () => {
    const forged = { authentic: false };
    expect(denies([bad(forged)])).toBe('POLICY_NOT_AUTHENTIC');
    expect(denies([good, bad({ ...forged, enabled: false })])).toBe('POLICY_NOT_AUTHENTIC');
    expect(denies([row({ agentId: AGENT, priority: 9 }), bad({ ...forged, priority: -9 })])).toBe(
      'POLICY_NOT_AUTHENTIC',
    );
    // Pointing a strict rule at another agent must not free this one of it.
    expect(denies([good, bad({ ...forged, agentId: OTHER })])).toBe('POLICY_NOT_AUTHENTIC');
    expect(denies([good, bad(unchecked({ authentic: 1 }))])).toBe('POLICY_NOT_AUTHENTIC');
  });

  test('only a proven row is disabled, and only a proven row is of another agent', () => {
    const unusable = { type: 'WHITELIST', rules: undefined };
    expect(denies([good, bad({ ...unusable, enabled: false })])).toBe('INSTANT');
    expect(denies([good, bad({ ...unusable, agentId: OTHER })])).toBe('INSTANT');
  });

  test('a set at fault without any single row denies as well', () => {
    const blocker = { reason: 'POLICY_NOT_AUTHENTIC', policyId: null, policyVersion: null } as const;
    expect(evaluate(blockedPolicies(AGENT, blocker), pay(1n), facts())).toMatchObject({
      outcome: 'DENY',
      code: 'POLICY_DENIED',
      ...blocker,
    });
  });

  test('the decision names the row and version at fault, the same for every order of rows', () => {
    const rows = [
      good,
      row({ id: id(5), type: 'QUOTA' }),
      row({ id: id(9), version: 4, authentic: false }),
      row({ id: id(7), version: 3, authentic: false }),
      row({ id: id(2), rules: {} }),
    ];
    for (const order of [rows, rows.toReversed()]) {
      expect(evaluate(compilePolicies(order, AGENT), pay(1n), facts())).toEqual({
        outcome: 'DENY',
        code: 'POLICY_DENIED',
        reason: 'POLICY_NOT_AUTHENTIC',
        policyType: null,
        policyId: id(7),
        policyVersion: 3,
        criteria: [{ policy: null, rule: 'policies', observed: 'POLICY_NOT_AUTHENTIC', limit: null, passed: false }],
      });
    }
  });
});
