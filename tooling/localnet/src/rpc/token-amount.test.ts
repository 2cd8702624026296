import { expect, test } from 'vitest';
import { tokenAmount } from './token-amount.ts';

test.each([
  [0n, 6, '0'],
  [1n, 6, '0.000001'],
  [1_500_000n, 6, '1.5'],
  [100n, 0, '100'],
  [18_446_744_073_709_551_615n, 9, '18446744073.709551615'],
])('%s base units with %s decimals', (amount, decimals, text) => {
  expect(tokenAmount(amount, decimals)).toMatchObject({ amount: amount.toString(), decimals, uiAmountString: text });
});
