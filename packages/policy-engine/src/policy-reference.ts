import type { PolicyType } from '@waiaas/core';
import type { CompiledPolicies } from './compiled-policies.ts';
import type { PolicyReference } from './decision.ts';
import type { PolicyRow } from './policy-row.ts';

/** The reference to a row's version. */
export const referenceTo = (row: PolicyRow, type: PolicyType): PolicyReference =>
  Object.freeze({ type, id: row.id, version: row.version });

/**
 * The versions that are in force, at most one of each type, in the order in which they are consulted: what a record of a
 * decision must keep. Compiled again, these rows alone give the same compiled policies, as override and priority have
 * had their say already. None where there is a `blocker`, which is then what to keep.
 */
export function policyReferences(policies: CompiledPolicies): readonly PolicyReference[] {
  const { whitelist, timeRestriction, rateLimit, spendingLimit } = policies;
  return Object.freeze(
    [whitelist, timeRestriction, rateLimit, spendingLimit].flatMap((rule) => (rule === null ? [] : [rule.policy])),
  );
}
