import { describe, expect, test } from 'vitest';
import { presetRules } from '../spending-limit.ts';
import { policyCreateSchema, policyUpdateSchema } from './policy.ts';

const rules = presetRules('conservative', 'solana');
const AGENT = '0192f3a1-7c4d-7abc-9def-000000000001';
const creates = (change: object): boolean =>
  policyCreateSchema.safeParse({ type: 'SPENDING_LIMIT', rules, ...change }).success;
const updates = (body: unknown): boolean => policyUpdateSchema.safeParse(body).success;

describe('a new policy', () => {
  test('is global, of priority 0 and enabled unless it says otherwise', () => {
    expect(policyCreateSchema.parse({ type: 'SPENDING_LIMIT', rules })).toEqual({
      type: 'SPENDING_LIMIT',
      rules,
      priority: 0,
      enabled: true,
    });
    expect(creates({ agentId: AGENT, priority: -5, enabled: false })).toBe(true);
  });

  test.each(['ALLOWED_ADDRESSES', 'spending_limit', 'AUTO_STOP', '', null, undefined])(
    'of type %s is refused',
    (type) => expect(creates({ type })).toBe(false),
  );

  const RULES_BY_TYPE = {
    SPENDING_LIMIT: rules,
    WHITELIST: { chain: 'solana', allowed_addresses: ['11111111111111111111111111111111'] },
    TIME_RESTRICTION: { allowed_hours: { start: 9, end: 17 }, timezone: 'UTC', allowed_days: [1] },
    RATE_LIMIT: { max_tx_per_hour: 5, max_tx_per_day: 0 },
  };

  test.each(Object.entries(RULES_BY_TYPE))('of type %s takes the rules of its own type and no others', (type, own) => {
    expect(policyCreateSchema.parse({ type, rules: own })).toEqual({ type, rules: own, priority: 0, enabled: true });
    for (const [other, foreign] of Object.entries(RULES_BY_TYPE)) {
      if (other !== type) expect(creates({ type, rules: foreign })).toBe(false);
    }
  });

  test.each([
    ['WHITELIST', {}],
    ['WHITELIST', { addresses: [] }],
    ['WHITELIST', { allowed_addresses: [], mode: 'allow' }],
    ['TIME_RESTRICTION', {}],
    ['TIME_RESTRICTION', { allowed_hours: { start: 9, end: 17 }, time_zone: 'UTC' }],
    ['RATE_LIMIT', { max_per_hour: 5 }],
    ['SPENDING_LIMIT', { ...rules, max_share: 1 }],
  ])('of type %s with the misspelt rules %j is refused', (type, misspelt) =>
    expect(creates({ type, rules: misspelt })).toBe(false),
  );

  test('findings are told at the path of the field', () => {
    const paths = (body: unknown) =>
      policyCreateSchema.safeParse(body).error?.issues.map((issue) => issue.path.join('.')) ?? [];
    expect(paths({ type: 'QUOTA', rules })).toEqual(['type']);
    expect(paths({ type: 'WHITELIST', rules: { allowed_addresses: ['x'] } })).toEqual(['rules.allowed_addresses.0']);
    expect(paths({ type: 'RATE_LIMIT', rules: { max_tx_per_hour: -1 } })).toEqual(['rules.max_tx_per_hour']);
  });

  test.each([{ id: AGENT }, { version: 1 }, { dailyMax: '1' }, { confirm: 'yes' }])(
    'with the unknown key of %j is refused',
    (extra) => {
      expect(creates(extra)).toBe(false);
    },
  );

  test.each([
    { agentId: 'all' },
    { agentId: null },
    { priority: 0.5 },
    { priority: Number.NaN },
    { priority: '1' },
    { enabled: 'false' },
    { enabled: 0 },
    { rules: JSON.stringify(rules) },
    { rules: {} },
    { rules: { ...rules, instant_max: `${BigInt(rules.notify_max) + 1n}` } },
    { rules: { ...rules, instant_max: 'abc' } },
  ])('with %j is refused', (change) => expect(creates(change)).toBe(false));
});

describe('a change of a policy', () => {
  test.each([{ rules }, { rules: {} }, { priority: 3 }, { enabled: false }, { enabled: false, confirm: true }])(
    '%# is taken',
    (body) => {
      expect(updates(body)).toBe(true);
    },
  );

  test.each([
    {},
    { confirm: true },
    { rules, type: 'SPENDING_LIMIT' },
    { rules, agentId: AGENT },
    { rules: null },
    { rules: [] },
    { rules: JSON.stringify(rules) },
    { rules, x: 1 },
    null,
  ])('that changes nothing, or what never changes, is refused (%#)', (body) => expect(updates(body)).toBe(false));

  test('leaves its rules as they are: their schema is that of the stored type', () => {
    expect(policyUpdateSchema.parse({ rules: { anything: 1 } })).toEqual({ rules: { anything: 1 } });
  });
});
