import type { Tier } from '@waiaas/core';
import type { CompiledSpendingLimit } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion } from './decision.ts';

const THOUSANDTHS = 1000n;

/**
 * Whether a payment must become APPROVAL because it is a larger share of the balance than it may be without a signature.
 * Exactly that share passes. An unknown balance counts as too small. What needs an approval anyway is not asked about.
 *
 * Looks at the single amount, like the tiers, and at what other payments have left: one that is split, or asked for many times
 * at once, is measured by less each time. How much may be moved in a day is for the caps to say.
 *
 * @param balance what is free: held, and promised to no other payment
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
