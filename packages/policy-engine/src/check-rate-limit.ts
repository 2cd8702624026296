import type { CompiledRateLimit } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion, ReachedRate } from './decision.ts';
import type { PaymentFacts } from './payment.ts';

/** Rolling windows of a rate limit, seconds (04 §11). */
export const RATE_WINDOWS = { hour: 3_600, day: 86_400 } as const;

/**
 * The first rate limit that is reached, or null. This payment is not among those counted, so a limit of 5 admits five
 * (04 §11, fix C19). The outcome of each check is added to `criteria`.
 */
export function reachedRate(rule: CompiledRateLimit, facts: PaymentFacts, criteria: Criterion[]): ReachedRate | null {
  const recent = facts.recentTransactions;
  return (
    check(rule, 'max_tx_per_hour', rule.perHour, recent?.hour, RATE_WINDOWS.hour, criteria) ??
    check(rule, 'max_tx_per_day', rule.perDay, recent?.day, RATE_WINDOWS.day, criteria)
  );
}

function check(
  rule: CompiledRateLimit,
  name: ReachedRate['name'],
  limit: number | null,
  count: number | null | undefined,
  windowSeconds: number,
  criteria: Criterion[],
): ReachedRate | null {
  // That a needed count is known has been checked with the other facts.
  if (limit === null || count === null || count === undefined) return null;
  const passed = count < limit;
  criteria.push(criterion(rule.policy, name, count, limit, passed));
  return passed ? null : Object.freeze({ name, limit, count, windowSeconds });
}
