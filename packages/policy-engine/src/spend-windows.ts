import { type CompiledPolicies, limitsOf } from './compiled-policies.ts';
import type { Payment } from './payment.ts';

const DAY = 86_400;
const WEEK = 604_800;
/** The Unix epoch was a Thursday, three days after a Monday. */
const DAYS_FROM_MONDAY_TO_EPOCH = 3;

/** A sum of past spends that a cap needs. */
export interface WindowQuery {
  readonly name: 'day' | 'week';
  /** Unix seconds, exclusive: the sum counts spends that settled later than this. There is no upper bound. */
  readonly since: number;
}

/**
 * The sums `evaluate` will need for a payment: none where no cap applies (00 §3, 04 §11).
 *
 * Rolling caps look back 24 hours and 7 days from `now`. Calendar caps look at the UTC day and at the week from Monday
 * 00:00 UTC. A spend that a wrongly set clock dated into the future counts: there is no upper bound.
 *
 * @param now unix seconds
 * @example spendWindows(policies, payment, 1_700_000_000) // [{ name: 'day', since: 1699913600 }]
 */
export function spendWindows(policies: CompiledPolicies, payment: Payment, now: number): readonly WindowQuery[] {
  const rule = policies.spendingLimit;
  const limits = limitsOf(rule, payment.asset);
  if (policies.blocker !== null || rule === null || limits === null) return Object.freeze([]);
  const since = rule.window === 'rolling' ? rolling(now) : calendar(now);
  const queries: WindowQuery[] = [];
  if (limits.dailyMax !== null) queries.push(Object.freeze({ name: 'day', since: since.day }));
  if (limits.weeklyMax !== null) queries.push(Object.freeze({ name: 'week', since: since.week }));
  return Object.freeze(queries);
}

const rolling = (now: number) => ({ day: now - DAY, week: now - WEEK });

function calendar(now: number) {
  const today = Math.floor(now / DAY);
  const monday = today - ((today + DAYS_FROM_MONDAY_TO_EPOCH) % 7);
  // One second before, because `since` itself does not count and midnight does.
  return { day: today * DAY - 1, week: monday * DAY - 1 };
}
