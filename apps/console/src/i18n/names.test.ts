import { expect, test } from 'vitest';
import { isTextKey } from './en.ts';
import { nameInWords } from './names.ts';

test.each([
  ...['instant_max', 'notify_max', 'delay_max', 'daily_max', 'weekly_max', 'max_balance_share', 'asset_limits'],
  ...['allowed_addresses', 'allowed_hours', 'allowed_days', 'max_tx_per_hour', 'max_tx_per_day', 'min_channels'],
  ...['maxAmountPerTx', 'maxTotalAmount', 'maxTransactions', 'allowedOperations', 'allowedDestinations'],
  ...['policies', 'facts', 'session'],
  ...['BALANCE_SHARE', 'NOTIFICATION_GATE', 'NO_LIMITS'],
])('a decision names %s in words', (code) => {
  expect(isTextKey(`name.${code}`)).toBe(true);
});

test('what nobody has words for is called by its code', () => {
  expect(nameInWords('A_LATER_RULE', (key) => key)).toBe('A_LATER_RULE');
  expect(nameInWords('NO_LIMITS', (key) => key)).toBe('name.NO_LIMITS');
});
