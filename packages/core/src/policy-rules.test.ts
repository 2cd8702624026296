import { describe, expect, test } from 'vitest';
import { type PolicyType, parsePolicyRules, presetRules, type WaiaasError } from './index.ts';

const findings = (type: PolicyType, rules: unknown): readonly string[] => {
  try {
    parsePolicyRules(type, rules);
    return [];
  } catch (error) {
    const { code, details } = error as WaiaasError<'VALIDATION_ERROR'>;
    const { issues } = details as { issues: readonly { path: string }[] };
    return [code, ...issues.map(({ path }) => path)];
  }
};

describe('rules read by the schema of their type', () => {
  test('have their defaults filled in', () => {
    expect(parsePolicyRules('WHITELIST', { allowed_addresses: [] })).toEqual({
      chain: 'solana',
      allowed_addresses: [],
    });
    expect(parsePolicyRules('RATE_LIMIT', {})).toEqual({ max_tx_per_hour: 0, max_tx_per_day: 0 });
    expect(parsePolicyRules('SPENDING_LIMIT', presetRules('standard', 'solana'))).toEqual(
      presetRules('standard', 'solana'),
    );
  });

  test.each<[PolicyType, unknown, readonly string[]]>([
    ['WHITELIST', { addresses: [] }, ['rules.allowed_addresses', 'rules.addresses']],
    ['WHITELIST', { max_tx_per_hour: 1 }, ['rules.allowed_addresses', 'rules.max_tx_per_hour']],
    ['WHITELIST', { allowed_addresses: ['x'] }, ['rules.allowed_addresses.0']],
    ['RATE_LIMIT', { allowed_addresses: [] }, ['rules.allowed_addresses']],
    ['TIME_RESTRICTION', { allowed_hours: { start: 1, end: 1 } }, ['rules.allowed_hours.end']],
    ['SPENDING_LIMIT', [], ['rules']],
    ['RATE_LIMIT', null, ['rules']],
  ])('%s %j is refused where it is wrong', (type, rules, paths) => {
    expect(findings(type, rules)).toEqual(['VALIDATION_ERROR', ...paths]);
  });

  test('a thousand mistakes make a short answer', () => {
    const wrong = { allowed_addresses: Array.from({ length: 1000 }, () => 'x'), ['k'.repeat(10_000)]: 1 };
    const paths = findings('WHITELIST', wrong);
    expect(paths.length).toBeLessThanOrEqual(33);
    expect(Math.max(...paths.map((path) => path.length))).toBeLessThanOrEqual(200);
  });
});
