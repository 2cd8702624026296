import { RATE_WINDOWS } from './check-rate-limit.ts';
import { type CompiledPolicies, limitsOf } from './compiled-policies.ts';
import type { Payment } from './payment.ts';
import { spendWindows, type WindowQuery } from './spend-windows.ts';

/** A number of transactions that a rate limit needs. */
export interface CountQuery {
  readonly name: 'hour' | 'day';
  /** Unix seconds, exclusive: the count is of transactions created later than this. There is no upper bound. */
  readonly since: number;
}

/** What `evaluate` will ask for, beyond what it always needs. */
export interface FactsNeeded {
  /** For `facts.spent`. */
  readonly spent: readonly WindowQuery[];
  /** For `facts.recentTransactions`. */
  readonly recentTransactions: readonly CountQuery[];
  /** Whether to read `facts.balance`. Where it cannot be read, null raises the payment to APPROVAL. */
  readonly balance: boolean;
}

const NOTHING: FactsNeeded = Object.freeze({
  spent: Object.freeze([]),
  recentTransactions: Object.freeze([]),
  balance: false,
});

/**
 * Which facts to read for a payment, so that the caller loads those and no others. `now`, `reserved`, the channels and the
 * defaults are always needed.
 *
 * @param now Unix seconds
 * @example factsNeeded(policies, payment, now) // { spent: [{ name: 'day', since: … }], recentTransactions: [], balance: false }
 */
export function factsNeeded(policies: CompiledPolicies, payment: Payment, now: number): FactsNeeded {
  const { blocker, rateLimit, spendingLimit } = policies;
  if (blocker !== null) return NOTHING;
  const limits = limitsOf(spendingLimit, payment.asset);
  const counts: CountQuery[] = [];
  // A second more: a payment is dated by the second it was asked for in, and not to leave its window before that is over.
  if (rateLimit !== null && rateLimit.perHour !== null)
    counts.push(Object.freeze({ name: 'hour', since: now - RATE_WINDOWS.hour - 1 }));
  if (rateLimit !== null && rateLimit.perDay !== null)
    counts.push(Object.freeze({ name: 'day', since: now - RATE_WINDOWS.day - 1 }));
  return Object.freeze({
    spent: spendWindows(policies, payment, now),
    recentTransactions: Object.freeze(counts),
    // Above delay_max the payment needs an approval anyway.
    balance:
      spendingLimit !== null &&
      spendingLimit.maxBalanceShare !== null &&
      limits !== null &&
      payment.amount <= limits.delayMax,
  });
}
