import { assetId } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { AGENT, ELSE, facts, id, MINT, pay, RULES, row, TO, unchecked } from '../test/fixtures.ts';
import { blockedPolicies, type ClaimFacts, compilePolicies, evaluate, evaluateClaim, type PolicyRow } from './index.ts';

const CAPPED = { ...RULES, daily_max: '100', weekly_max: '300' };
const claim = (rows: readonly PolicyRow[], amount: bigint, given: Partial<ClaimFacts> = {}, to = TO) => {
  const policies = compilePolicies(rows, AGENT);
  const before = { now: 1_700_000_000, spent: { day: 0n, week: 0n }, reserved: 0n };
  return evaluateClaim(policies, pay(amount, { to }), { ...before, ...given })?.reason ?? 'go';
};
const limit = (rules: object) => row({ rules });
const list = (...allowed_addresses: string[]) => row({ id: id(2), type: 'WHITELIST', rules: { allowed_addresses } });

describe('whether what waited may be carried out (04 §19)', () => {
  test('the recipient must be listed by the rules as they now are', () => {
    expect(claim([row(), list(TO)], 1n)).toBe('go');
    expect(claim([row(), list(ELSE)], 1n)).toBe('WHITELIST_DENIED');
    expect(claim([row(), list()], 1n)).toBe('go');
  });

  test('caps count the payment once, to the base unit', () => {
    const rows = [limit(CAPPED)];
    expect(claim(rows, 60n, { spent: { day: 30n, week: 30n }, reserved: 10n })).toBe('go');
    expect(claim(rows, 60n, { spent: { day: 31n, week: 31n }, reserved: 10n })).toBe('DAILY_CAP');
    expect(claim(rows, 60n, { spent: { day: 30n, week: 230n }, reserved: 10n })).toBe('go');
    expect(claim(rows, 60n, { spent: { day: 30n, week: 231n }, reserved: 10n })).toBe('WEEKLY_CAP');
  });

  test('what was admitted within a cap is still within it when its reservation is not counted a second time', () => {
    const policies = compilePolicies([limit(CAPPED)], AGENT);
    const admitted = evaluate(policies, pay(60n), facts({ spent: { day: 30n, week: 30n }, reserved: 10n }));
    expect(admitted.outcome).toBe('ALLOW');
    const later = { now: 1_700_000_600, spent: { day: 30n, week: 30n }, reserved: 10n };
    expect(evaluateClaim(policies, pay(60n), later)).toBeNull();
  });

  test('a cap made tighter while it waited denies, in words an admission would use', () => {
    const policies = compilePolicies([limit({ ...CAPPED, daily_max: '59' })], AGENT);
    const later = { now: 1_700_000_600, spent: { day: 0n, week: 0n }, reserved: 0n };
    expect(evaluateClaim(policies, pay(60n), later)).toEqual(evaluate(policies, pay(60n), facts()));
  });

  test('tier, share of the balance, rate limit and hours are not asked again', () => {
    const rows = [
      limit({ instant_max: '0', notify_max: '0', delay_max: '0', max_balance_share: 1 }),
      row({ id: id(3), type: 'RATE_LIMIT', rules: { max_tx_per_hour: 1 } }),
      // 2023-11-14 22:13 UTC, a Tuesday.
      row({ id: id(4), type: 'TIME_RESTRICTION', rules: { allowed_hours: { start: 1, end: 2 }, allowed_days: [0] } }),
    ];
    expect(claim(rows, 10n ** 30n)).toBe('go');
    expect(claim([], 10n ** 30n)).toBe('go');
  });

  test('an asset without limits has no cap, and a list all the same', () => {
    const policies = compilePolicies([limit({ ...CAPPED, daily_max: '1' }), list(ELSE)], AGENT);
    const token = pay(10n ** 30n, { asset: assetId(`solana:${MINT}`) });
    const now = { now: 1, spent: { day: null, week: null }, reserved: 0n };
    expect(evaluateClaim(policies, token, now)?.reason).toBe('WHITELIST_DENIED');
    expect(evaluateClaim(policies, { ...token, to: ELSE }, now)).toBeNull();
  });

  test('policies that cannot be applied deny', () => {
    expect(claim([row({ authentic: false })], 1n)).toBe('POLICY_NOT_AUTHENTIC');
    expect(claim([row({ rules: {} })], 1n)).toBe('POLICY_MALFORMED');
    expect(claim([row(), row({ id: id(2), type: 'QUOTA' })], 1n)).toBe('POLICY_TYPE_UNKNOWN');
    const blocked = blockedPolicies(AGENT, { reason: 'POLICY_NOT_AUTHENTIC', policyId: null, policyVersion: null });
    expect(evaluateClaim(blocked, pay(1n), facts())?.outcome).toBe('DENY');
  });

  test.each<[string, Partial<ClaimFacts>]>([
    ['no sum of the day', { spent: { day: null, week: 0n } }],
    ['no sum of the week', { spent: { day: 0n, week: null } }],
    ['an impossible sum', { spent: { day: -1n, week: 0n } }],
    ['no reservations', { reserved: unchecked(undefined) }],
    ['impossible reservations', { reserved: -1n }],
    ['no time', { now: Number.NaN }],
  ])('%s denies', (_name, given) => expect(claim([limit(CAPPED)], 1n, given)).toBe('FACTS_UNKNOWN'));

  test('an amount that is none denies', () => {
    expect(claim([row()], 0n)).toBe('FACTS_UNKNOWN');
    expect(claim([row()], unchecked(5))).toBe('FACTS_UNKNOWN');
  });
});
