import type { Tier } from '@waiaas/core';
import { shareRaises } from './check-balance-share.ts';
import { exceededCap } from './check-caps.ts';
import { reachedRate } from './check-rate-limit.ts';
import { timeViolation } from './check-time-restriction.ts';
import { isListed } from './check-whitelist.ts';
import { classifyTier } from './classify-tier.ts';
import { type CompiledPolicies, limitsOf } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { AllowDecision, Criterion, Decision, PolicyReference } from './decision.ts';
import { denyBlocked, denyCap, denyRate, denyRecipient, denyTime, denyUnknown } from './deny.ts';
import { gateRaises } from './notification-gate.ts';
import type { Payment, PaymentFacts } from './payment.ts';
import { unknownInPayment, unknownInSituation, unknownInSpends } from './unknown-fact.ts';
import { wallTime } from './wall-time.ts';

/**
 * Decides a payment (04 §10, §11; 00 §3). Pure: the same input gives the same decision, to the byte of its canonical
 * encoding, so that a decision can be replayed (09 no. 7 and 9).
 *
 * In this order: a policy that cannot be applied denies; a recipient who is not listed, a time that is not allowed and a
 * rate that is reached deny; a cap that would be passed denies; an asset without limits needs an approval; the single
 * amount gives the tier; too large a share of the balance, and too few notification channels, raise it to APPROVAL. A fact
 * that a check needs and that is missing denies. Nothing unknown ever makes the outcome milder.
 *
 * @param policies from `compilePolicies`
 * @param facts read for this payment; `factsNeeded` tells which of them are asked for
 * @example
 * const decision = evaluate(policies, payment, facts);
 * if (decision.outcome === 'DENY') throw new WaiaasError(decision.code);
 */
export function evaluate(policies: CompiledPolicies, payment: Payment, facts: PaymentFacts): Decision {
  const { blocker, whitelist, timeRestriction, rateLimit, spendingLimit: rule } = policies;
  if (blocker !== null) return denyBlocked(blocker);

  const policy = rule === null ? null : rule.policy;
  const criteria: Criterion[] = [];
  const unknownPayment = unknownInPayment(payment, facts.now);
  if (unknownPayment !== null) return denyUnknown(policy, unknownPayment, criteria);

  if (whitelist !== null && !isListed(whitelist, payment, criteria)) return denyRecipient(whitelist.policy, criteria);
  if (timeRestriction !== null) {
    const wall = wallTime(timeRestriction.timezone, facts.now);
    if (wall === null) return denyUnknown(timeRestriction.policy, 'now', criteria);
    const reason = timeViolation(timeRestriction, wall, criteria);
    if (reason !== null) return denyTime(timeRestriction.policy, reason, criteria);
  }

  const limits = limitsOf(rule, payment.asset);
  const unknown = unknownInSpends(facts, limits) ?? unknownInSituation(facts, rateLimit);
  if (unknown !== null) return denyUnknown(policy, unknown, criteria);
  const rate = rateLimit === null ? null : reachedRate(rateLimit, facts, criteria);
  if (rateLimit !== null && rate !== null) return denyRate(rateLimit.policy, rate, criteria);

  if (rule === null || limits === null) {
    criteria.push(criterion(policy, 'asset_limits', payment.asset, null, false));
    return allow('APPROVAL', 'NO_LIMITS', policy, null, facts.defaults.approvalTimeoutSeconds, criteria);
  }

  const cap = exceededCap(rule, limits, payment.amount, facts, criteria);
  if (cap !== null) return denyCap(rule.policy, cap, criteria);

  const classified = classifyTier(rule, limits, payment.amount, criteria);
  const raisedBy = shareRaises(classified, rule, payment.amount, facts.balance, criteria)
    ? 'BALANCE_SHARE'
    : gateRaises(classified, facts, criteria)
      ? 'NOTIFICATION_GATE'
      : null;
  const tier = raisedBy === null ? classified : 'APPROVAL';
  const delay = rule.delaySeconds ?? facts.defaults.delaySeconds;
  const approval = rule.approvalTimeoutSeconds ?? facts.defaults.approvalTimeoutSeconds;
  return allow(tier, raisedBy, rule.policy, delay, approval, criteria);
}

function allow(
  tier: Tier,
  raisedBy: AllowDecision['raisedBy'],
  policy: PolicyReference | null,
  delay: number | null,
  approval: number,
  criteria: readonly Criterion[],
): AllowDecision {
  return Object.freeze({
    outcome: 'ALLOW',
    tier,
    policyId: policy === null ? null : policy.id,
    policyVersion: policy === null ? null : policy.version,
    delaySeconds: tier === 'DELAY' ? delay : null,
    approvalTimeoutSeconds: tier === 'APPROVAL' ? approval : null,
    raisedBy,
    criteria: Object.freeze(criteria),
  });
}
