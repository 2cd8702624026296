import type { Blocker } from './compiled-policies.ts';
import { criterion } from './criterion.ts';
import type { Criterion, DenyDecision, DenyReason, ExceededCap, PolicyReference, ReachedRate } from './decision.ts';

/** The denial of policies that cannot be applied. */
export function denyBlocked({ reason, policyId, policyVersion }: Blocker): DenyDecision {
  const criteria = Object.freeze([criterion(null, 'policies', reason, null, false)]);
  const policy = { policyType: null, policyId, policyVersion };
  return Object.freeze({ outcome: 'DENY', code: 'POLICY_DENIED', reason, ...policy, criteria });
}

/** A denial without figures of its own, of what was checked so far, the failed check last. */
function deny(
  policy: PolicyReference | null,
  code: DenyDecision['code'],
  reason: DenyReason,
  criteria: Criterion[],
): DenyDecision {
  const { type: policyType, id: policyId, version: policyVersion } = policy ?? { type: null, id: null, version: null };
  Object.freeze(criteria);
  return Object.freeze({ outcome: 'DENY', code, reason, policyType, policyId, policyVersion, criteria });
}

/** The denial for a fact that is missing or cannot be true. */
export function denyUnknown(policy: PolicyReference | null, fact: string, criteria: Criterion[]): DenyDecision {
  criteria.push(criterion(null, 'facts', fact, null, false));
  return deny(policy, 'POLICY_DENIED', 'FACTS_UNKNOWN', criteria);
}

/** The denial for a recipient who is not listed. */
export const denyRecipient = (policy: PolicyReference, criteria: Criterion[]): DenyDecision =>
  deny(policy, 'WHITELIST_DENIED', 'WHITELIST_DENIED', criteria);

/** The denial for a time that is not allowed. */
export const denyTime = (
  policy: PolicyReference,
  reason: 'OUTSIDE_ALLOWED_DAYS' | 'OUTSIDE_ALLOWED_HOURS',
  criteria: Criterion[],
): DenyDecision => deny(policy, 'POLICY_DENIED', reason, criteria);

/** The denial for a rate limit that is reached. */
export function denyRate(policy: PolicyReference, rate: ReachedRate, criteria: Criterion[]): DenyDecision {
  const reason = rate.name === 'max_tx_per_hour' ? 'RATE_LIMIT_HOUR' : 'RATE_LIMIT_DAY';
  const { type: policyType, id: policyId, version: policyVersion } = policy;
  Object.freeze(criteria);
  return Object.freeze({
    outcome: 'DENY',
    code: 'POLICY_DENIED',
    reason,
    policyType,
    policyId,
    policyVersion,
    rate,
    criteria,
  });
}

/** The denial for a cap that would be exceeded. */
export function denyCap(policy: PolicyReference, cap: ExceededCap, criteria: Criterion[]): DenyDecision {
  const reason = cap.name === 'daily_max' ? 'DAILY_CAP' : 'WEEKLY_CAP';
  const { type: policyType, id: policyId, version: policyVersion } = policy;
  Object.freeze(criteria);
  return Object.freeze({
    outcome: 'DENY',
    code: 'SPENDING_LIMIT_EXCEEDED',
    reason,
    policyType,
    policyId,
    policyVersion,
    cap,
    criteria,
  });
}
