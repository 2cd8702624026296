import type { Tier } from '@waiaas/core';
import type { CompiledSpendingLimit } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion } from './decision.ts';

const THOUSANDTHS = 1000n;

/**
 * Whether a payment must become APPROVAL because it is a larger share of the balance than it may be without a signature.
 * Exactly that share passes. An unknown balance counts as too small. What needs an approval anyway is not asked about.
 *
 * Looks at the single amount, like the tiers: splitting a payment is countered by the caps.
 */
export function shareRaises(
  tier: Tier,
  rule: CompiledSpendingLimit,
  amount: bigint,
  balance: bigint | null | undefined,
  criteria: Criterion[],
): boolean {
  if (rule.maxBalanceShare === null || tier === 'APPROVAL') return false;
  // Both sides are whole numbers, so rounding the share down changes no comparison.
  const most = balance === null || balance === undefined ? null : (balance * rule.maxBalanceShare) / THOUSANDTHS;
  const passed = most !== null && amount <= most;
  criteria.push(criterion(rule.policy, 'max_balance_share', amount, most, passed));
  return !passed;
}
