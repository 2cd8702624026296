import { type CanonicalValue, canonicalJson } from '@waiaas/core';
import type { CompiledPolicies, Decision, DenyReason } from './index.ts';

/** What every caller is expected to do: end in a branch that no outcome can reach. */
export function handle(decision: Decision): string {
  switch (decision.outcome) {
    case 'ALLOW':
      return decision.tier;
    case 'DENY':
      return decision.reason;
    default:
      return decision satisfies never;
  }
}

/** An outcome that is not handled must not compile. */
export function handleLater(decision: Decision | { readonly outcome: 'DEFER' }): string {
  switch (decision.outcome) {
    case 'ALLOW':
      return decision.tier;
    case 'DENY':
      return decision.reason;
    default:
      // @ts-expect-error DEFER is left over
      return decision satisfies never;
  }
}

/** A forgotten reason must not compile. */
export function explain(reason: DenyReason): string {
  switch (reason) {
    case 'WHITELIST_DENIED':
    case 'OUTSIDE_ALLOWED_DAYS':
    case 'OUTSIDE_ALLOWED_HOURS':
    case 'RATE_LIMIT_HOUR':
    case 'RATE_LIMIT_DAY':
    case 'DAILY_CAP':
    case 'WEEKLY_CAP':
    case 'POLICY_MALFORMED':
    case 'POLICY_NOT_AUTHENTIC':
    case 'POLICY_TYPE_UNKNOWN':
    case 'COUNTERS_NOT_AUTHENTIC':
      return 'known';
    default:
      // @ts-expect-error FACTS_UNKNOWN is left over
      return reason satisfies never;
  }
}

/** Nobody reads a tier off a denial, and nobody changes a decision. */
export function misuse(decision: Decision): void {
  // @ts-expect-error a denial has no tier
  decision.tier satisfies string;
  // @ts-expect-error decisions are read-only
  decision.outcome = 'ALLOW';
}

/** Decisions and compiled policies can be sealed as they are. */
export const sealable = (decision: Decision, policies: CompiledPolicies): string => {
  const values: readonly CanonicalValue[] = [decision, policies];
  return canonicalJson(values);
};
