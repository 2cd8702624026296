import { describe, expect, test } from 'vitest';
import { draftOf, EMPTY_DRAFT, type Policy, policyOf, rulesOf } from './policy-form.ts';

const stored = (type: Policy['type'], rules: Policy['rules']): Policy => ({
  id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14',
  version: 3,
  agentId: null,
  type,
  rules,
  priority: 7,
  enabled: false,
  createdAt: '2026-11-22T12:00:00.000Z',
  updatedAt: '2026-11-22T12:00:00.000Z',
});

describe('the form of a policy', () => {
  test.each([
    [
      'SPENDING_LIMIT',
      {
        chain: 'solana',
        instant_max: '1',
        notify_max: '9007199254740993',
        delay_max: '18446744073709551615',
        daily_max: '18446744073709551615',
        window: 'calendar',
        delay_seconds: 60,
        approval_timeout: 300,
        max_balance_share: 250,
        token_limits: { 'ethereum:native': { instant_max: '1', notify_max: '2', delay_max: '3' } },
      },
    ],
    ['WHITELIST', { chain: 'ethereum', allowed_addresses: ['0x1', '0x2'] }],
    ['TIME_RESTRICTION', { allowed_hours: { start: 22, end: 6 }, timezone: 'Asia/Seoul', allowed_days: [1, 5] }],
    ['RATE_LIMIT', { max_tx_per_hour: 5, max_tx_per_day: 0 }],
  ] as const)('changes nothing of %s that nobody has touched', (type, rules) => {
    const draft = draftOf(stored(type, rules));
    expect(rulesOf(draft)).toEqual(rules);
    expect(policyOf(draft, rules)).toEqual({ type, rules, priority: 7, enabled: false });
  });

  test.each([
    ['an amount that is none', { instant: 'much' }, { fault: 'amount', field: 'instant' }],
    ['a fraction of a base unit', { daily: '0.0000000001' }, { fault: 'amount', field: 'daily' }],
    ['limits that fall', { instant: '5', notify: '1' }, { fault: 'order', field: 'notify' }],
    ['seconds that are none', { delaySeconds: '1.5' }, { fault: 'number', field: 'delaySeconds' }],
  ] as const)('takes no %s for a rule', (_what, change, fault) => {
    expect(rulesOf({ ...EMPTY_DRAFT, ...change })).toEqual(fault);
  });
});
