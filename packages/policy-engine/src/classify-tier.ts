import type { Tier } from '@waiaas/core';
import type { CompiledLimits, CompiledSpendingLimit } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion, PolicyReference } from './decision.ts';

/**
 * The tier of a single amount: the first one whose bound it does not pass (04 §11). What was spent before does not move
 * it; splitting a payment is countered by the caps. The bounds that were looked at are added to `criteria`.
 */
export function classifyTier(
  rule: CompiledSpendingLimit,
  limits: CompiledLimits,
  amount: bigint,
  criteria: Criterion[],
): Tier {
  if (within(rule.policy, 'instant_max', amount, limits.instantMax, criteria)) return 'INSTANT';
  if (within(rule.policy, 'notify_max', amount, limits.notifyMax, criteria)) return 'NOTIFY';
  if (within(rule.policy, 'delay_max', amount, limits.delayMax, criteria)) return 'DELAY';
  return 'APPROVAL';
}

function within(
  policy: PolicyReference,
  rule: 'instant_max' | 'notify_max' | 'delay_max',
  amount: bigint,
  bound: bigint,
  criteria: Criterion[],
): boolean {
  const passed = amount <= bound;
  criteria.push(criterion(policy, rule, amount, bound, passed));
  return passed;
}
