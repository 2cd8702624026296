import type { CompiledLimits } from './compiled-policies.ts';
import type { Payment, PaymentFacts } from './payment.ts';

/**
 * Name of the first fact that is missing or cannot be true, or null when all can be relied on. Checked at run time
 * although the types promise it: NaN is a number, and it compares as smaller than nothing (09 no. 4).
 */
export function unknownFact(payment: Payment, facts: PaymentFacts, limits: CompiledLimits | null): string | null {
  if (typeof payment.amount !== 'bigint' || payment.amount <= 0n) return 'amount';
  if (!payment.asset.startsWith(payment.chain) || payment.asset[payment.chain.length] !== ':') return 'asset';
  if (!isCount(facts.now)) return 'now';
  if (!isSum(facts.reserved)) return 'reserved';
  if (!isKnown(facts.spent.day, limits !== null && limits.dailyMax !== null)) return 'spent.day';
  if (!isKnown(facts.spent.week, limits !== null && limits.weeklyMax !== null)) return 'spent.week';
  if (!isCount(facts.reachableChannels)) return 'reachableChannels';
  if (!isCount(facts.minChannels)) return 'minChannels';
  if (!isDuration(facts.defaults.delaySeconds)) return 'defaults.delaySeconds';
  if (!isDuration(facts.defaults.approvalTimeoutSeconds)) return 'defaults.approvalTimeoutSeconds';
  return null;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isDuration = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
const isSum = (value: bigint): boolean => typeof value === 'bigint' && value >= 0n;
const isKnown = (value: bigint | null, needed: boolean): boolean => (value === null ? !needed : isSum(value));
