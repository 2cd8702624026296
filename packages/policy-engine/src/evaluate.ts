import type { Tier } from '@waiaas/core';
import { exceededCap } from './check-caps.ts';
import { classifyTier } from './classify-tier.ts';
import { type CompiledPolicies, type CompiledSpendingLimit, limitsOf } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { AllowDecision, Criterion, Decision } from './decision.ts';
import { gateRaises } from './notification-gate.ts';
import type { Payment, PaymentFacts } from './payment.ts';
import { unknownFact } from './unknown-fact.ts';

/**
 * Decides a payment (04 §10, §11; 00 §3). Pure: the same input gives the same decision, to the byte of its canonical
 * encoding, on any machine and at any time, so that a decision can be replayed (09 no. 7 and 9).
 *
 * In this order: a policy that cannot be applied denies; a fact that is missing denies; a cap that would be passed
 * denies; an asset without limits needs an approval; the single amount gives the tier; too few notification channels
 * raise NOTIFY and DELAY to APPROVAL. Nothing unknown ever makes the outcome milder.
 *
 * @param policies from `compilePolicies`
 * @param facts read for this payment; `spent` are the sums `spendWindows` asked for
 * @example
 * const decision = evaluate(policies, payment, facts);
 * if (decision.outcome === 'DENY') throw new WaiaasError(decision.code);
 */
export function evaluate(policies: CompiledPolicies, payment: Payment, facts: PaymentFacts): Decision {
  const { blocker, spendingLimit: rule } = policies;
  if (blocker !== null) {
    const { reason, policyId, policyVersion } = blocker;
    const criteria = Object.freeze([criterion('policies', reason, null, false)]);
    return Object.freeze({ outcome: 'DENY', code: 'POLICY_DENIED', reason, policyId, policyVersion, criteria });
  }
  const policyId = rule?.policyId ?? null;
  const policyVersion = rule?.policyVersion ?? null;
  const limits = limitsOf(rule, payment.asset);

  const unknown = unknownFact(payment, facts, limits);
  if (unknown !== null) {
    const reason = 'FACTS_UNKNOWN';
    const criteria = Object.freeze([criterion('facts', unknown, null, false)]);
    return Object.freeze({ outcome: 'DENY', code: 'POLICY_DENIED', reason, policyId, policyVersion, criteria });
  }

  const criteria: Criterion[] = [];
  if (limits === null) {
    criteria.push(criterion('asset_limits', payment.asset, null, false));
    return allow('APPROVAL', 'NO_LIMITS', rule, null, facts.defaults.approvalTimeoutSeconds, criteria);
  }

  const cap = exceededCap(limits, payment.amount, facts, criteria);
  if (cap !== null) {
    const reason = cap.name === 'daily_max' ? 'DAILY_CAP' : 'WEEKLY_CAP';
    const code = 'SPENDING_LIMIT_EXCEEDED';
    Object.freeze(criteria);
    return Object.freeze({ outcome: 'DENY', code, reason, policyId, policyVersion, cap, criteria });
  }

  const classified = classifyTier(limits, payment.amount, criteria);
  const raised = gateRaises(classified, facts, criteria);
  const tier = raised ? 'APPROVAL' : classified;
  const delay = rule?.delaySeconds ?? facts.defaults.delaySeconds;
  const approval = rule?.approvalTimeoutSeconds ?? facts.defaults.approvalTimeoutSeconds;
  return allow(tier, raised ? 'NOTIFICATION_GATE' : null, rule, delay, approval, criteria);
}

function allow(
  tier: Tier,
  raisedBy: AllowDecision['raisedBy'],
  rule: CompiledSpendingLimit | null,
  delay: number | null,
  approval: number,
  criteria: readonly Criterion[],
): AllowDecision {
  return Object.freeze({
    outcome: 'ALLOW',
    tier,
    policyId: rule?.policyId ?? null,
    policyVersion: rule?.policyVersion ?? null,
    delaySeconds: tier === 'DELAY' ? delay : null,
    approvalTimeoutSeconds: tier === 'APPROVAL' ? approval : null,
    raisedBy,
    criteria: Object.freeze(criteria),
  });
}
