import type { CompiledTimeRestriction } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion, DenyReason } from './decision.ts';
import type { WallTime } from './wall-time.ts';

/**
 * Why a moment is not allowed, or null: the day is tested first, then the hour; the last hour is excluded (04 §11). The
 * outcomes are added to `criteria`.
 */
export function timeViolation(
  rule: CompiledTimeRestriction,
  { day, hour }: WallTime,
  criteria: Criterion[],
): Extract<DenyReason, 'OUTSIDE_ALLOWED_DAYS' | 'OUTSIDE_ALLOWED_HOURS'> | null {
  const { start, end } = rule;
  const onDay = rule.days.includes(day);
  criteria.push(criterion(rule.policy, 'allowed_days', day, rule.days.join(), onDay));
  if (!onDay) return 'OUTSIDE_ALLOWED_DAYS';
  const inHours = start < end ? start <= hour && hour < end : hour >= start || hour < end;
  criteria.push(criterion(rule.policy, 'allowed_hours', hour, `${start}-${end} ${rule.timezone}`, inHours));
  return inHours ? null : 'OUTSIDE_ALLOWED_HOURS';
}
