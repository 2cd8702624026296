import type { CompiledLimits, CompiledSpendingLimit } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion, ExceededCap, PolicyReference } from './decision.ts';
import type { ClaimFacts } from './payment.ts';

/**
 * The first cap the payment would exceed, or null. What was spent, what is reserved and the amount together may reach a
 * cap, not pass it (04 §11). The outcome of each check is added to `criteria`.
 */
export function exceededCap(
  rule: CompiledSpendingLimit,
  limits: CompiledLimits,
  amount: bigint,
  facts: ClaimFacts,
  criteria: Criterion[],
): ExceededCap | null {
  return (
    check(rule.policy, 'daily_max', limits.dailyMax, facts.spent.day, amount, facts.reserved, criteria) ??
    check(rule.policy, 'weekly_max', limits.weeklyMax, facts.spent.week, amount, facts.reserved, criteria)
  );
}

function check(
  policy: PolicyReference,
  name: ExceededCap['name'],
  limit: bigint | null,
  spent: bigint | null,
  requested: bigint,
  reserved: bigint,
  criteria: Criterion[],
): ExceededCap | null {
  // That a needed sum is known has been checked with the other facts.
  if (limit === null || spent === null) return null;
  const used = spent + reserved;
  const passed = used + requested <= limit;
  criteria.push(criterion(policy, name, used + requested, limit, passed));
  if (passed) return null;
  const remaining = limit > used ? limit - used : 0n;
  return Object.freeze({ name, limit, spent, reserved, requested, remaining });
}
