import { exceededCap } from './check-caps.ts';
import { isListed } from './check-whitelist.ts';
import { type CompiledPolicies, limitsOf } from './compiled-policies.ts';
import type { Criterion, DenyDecision } from './decision.ts';
import { denyBlocked, denyCap, denyRecipient, denyUnknown } from './deny.ts';
import type { ClaimFacts, Payment } from './payment.ts';
import { unknownInPayment, unknownInSpends } from './unknown-fact.ts';

/**
 * Asks once more, when a payment that waited is about to be carried out, whether the rules as they now are still permit
 * it (04 §19): the recipient is listed and no cap is passed, and all policies can be applied. The tier is frozen, and
 * neither rate limits nor allowed hours are asked again.
 *
 * @param policies compiled from the rows as they are now
 * @param facts `reserved` is without this payment, as at its admission, so that its own reservation counts once, as the
 *   amount; `spent` holds the sums that `factsNeeded` asks for now
 * @returns null when the payment may be carried out
 */
export function evaluateClaim(policies: CompiledPolicies, payment: Payment, facts: ClaimFacts): DenyDecision | null {
  const { blocker, whitelist, spendingLimit: rule } = policies;
  if (blocker !== null) return denyBlocked(blocker);

  const policy = rule === null ? null : rule.policy;
  const criteria: Criterion[] = [];
  const unknownPayment = unknownInPayment(payment, facts.now);
  if (unknownPayment !== null) return denyUnknown(policy, unknownPayment, criteria);
  if (whitelist !== null && !isListed(whitelist, payment, criteria)) return denyRecipient(whitelist.policy, criteria);

  const limits = limitsOf(rule, payment.asset);
  const unknown = unknownInSpends(facts, limits);
  if (unknown !== null) return denyUnknown(policy, unknown, criteria);
  if (rule === null || limits === null) return null;
  const cap = exceededCap(rule, limits, payment.amount, facts, criteria);
  return cap === null ? null : denyCap(rule.policy, cap, criteria);
}
