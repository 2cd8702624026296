import type { CompiledLimits, CompiledRateLimit } from './compiled-policies.ts';
import type { ClaimFacts, Payment, PaymentFacts } from './payment.ts';

/*
 * Each function names the first fact that is missing or cannot be true, or answers null when all can be relied on.
 * Checked at run time although the types promise it: NaN is a number, and it compares as smaller than nothing (09 no. 4).
 */

/** What every check needs. */
export function unknownInPayment(payment: Payment, now: number): string | null {
  if (typeof payment.amount !== 'bigint' || payment.amount <= 0n) return 'amount';
  if (!payment.asset.startsWith(payment.chain) || payment.asset[payment.chain.length] !== ':') return 'asset';
  if (typeof payment.to !== 'string' || payment.to === '') return 'to';
  if (!isCount(now)) return 'now';
  return null;
}

/** What the caps need. */
export function unknownInSpends(facts: ClaimFacts, limits: CompiledLimits | null): string | null {
  if (!isSum(facts.reserved)) return 'reserved';
  if (!isKnown(facts.spent.day, limits !== null && limits.dailyMax !== null)) return 'spent.day';
  if (!isKnown(facts.spent.week, limits !== null && limits.weeklyMax !== null)) return 'spent.week';
  return null;
}

/** What an admission needs beyond the caps. */
export function unknownInSituation(facts: PaymentFacts, rate: CompiledRateLimit | null): string | null {
  if (!isCount(facts.reachableChannels)) return 'reachableChannels';
  if (!isCount(facts.minChannels)) return 'minChannels';
  if (!isDuration(facts.defaults.delaySeconds)) return 'defaults.delaySeconds';
  if (!isDuration(facts.defaults.approvalTimeoutSeconds)) return 'defaults.approvalTimeoutSeconds';
  if (facts.balance !== undefined && facts.balance !== null && !isSum(facts.balance)) return 'balance';
  const { recentTransactions } = facts;
  if (rate === null && recentTransactions === undefined) return null;
  if (!isTold(recentTransactions?.hour, rate !== null && rate.perHour !== null)) return 'recentTransactions.hour';
  if (!isTold(recentTransactions?.day, rate !== null && rate.perDay !== null)) return 'recentTransactions.day';
  return null;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isDuration = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
const isSum = (value: bigint): boolean => typeof value === 'bigint' && value >= 0n;
const isKnown = (value: bigint | null, needed: boolean): boolean => (value === null ? !needed : isSum(value));
const isTold = (value: number | null | undefined, needed: boolean): boolean =>
  value === null || value === undefined ? !needed : isCount(value);
