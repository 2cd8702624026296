import { describe, expect, test } from 'vitest';
import { AGENT, facts, id, OTHER, pay, RULES, row, unchecked, verdict } from '../test/fixtures.ts';
import { compilePolicies, evaluate, type PolicyRow } from './index.ts';

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
    expect(compilePolicies([edited], AGENT).spendingLimit).toMatchObject({ policyId: id(1), policyVersion: 8 });
    expect(bound([edited])).toBe(3n);
  });
});

describe('a stored policy that cannot be applied denies (09 no. 4)', () => {
  const good = row();
  const bad = (change: Partial<PolicyRow>) => row({ id: id(2), ...change });

  test.each([
    'WHITELIST',
    'TIME_RESTRICTION',
    'RATE_LIMIT',
    'spending_limit',
    'AUTO_STOP',
    '',
    '__proto__',
    'constructor',
  ])('a rule of type %j is never ignored', (type) => {
    expect(denies([good, bad({ type, rules: {} })])).toBe('POLICY_TYPE_UNKNOWN');
    expect(denies([good, bad({ type, rules: {}, agentId: AGENT, priority: -100 })])).toBe('POLICY_TYPE_UNKNOWN');
  });

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
    ['with a token limit out of order', { ...RULES, token_limits: { Mint1: { ...RULES, delay_max: '1' } } }],
    ['with a token limit of no asset', { ...RULES, token_limits: { 'USD Coin': RULES } }],
    ['with two limits for one asset', { ...RULES, token_limits: { Mint1: RULES, 'solana:Mint1': RULES } }],
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

  test('the decision names the row and version at fault, the same for every order of rows', () => {
    const rows = [
      good,
      row({ id: id(5), type: 'WHITELIST' }),
      row({ id: id(9), version: 4, authentic: false }),
      row({ id: id(7), version: 3, authentic: false }),
      row({ id: id(2), rules: {} }),
    ];
    for (const order of [rows, rows.toReversed()]) {
      expect(evaluate(compilePolicies(order, AGENT), pay(1n), facts())).toEqual({
        outcome: 'DENY',
        code: 'POLICY_DENIED',
        reason: 'POLICY_NOT_AUTHENTIC',
        policyId: id(7),
        policyVersion: 3,
        criteria: [{ rule: 'policies', observed: 'POLICY_NOT_AUTHENTIC', limit: null, passed: false }],
      });
    }
  });
});
