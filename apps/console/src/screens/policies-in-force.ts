import { policyInForce } from '@waiaas/core';
import type { PolicyListResponse } from '@waiaas/sdk';
import { assetOfKey, type LimitsDraft, type Policy, type PolicyDraft, type PolicyType } from './policy-form.ts';

/**
 * The policies that count for an agent, one of a type at most, as the daemon chooses them: the agent's own replace those of all
 * agents, whatever their priority; of what is left the highest priority counts, the lower id first among equals.
 * @returns null where somebody else has changed the agent's own in the database, or those of all agents: none is in force, and
 *   nothing is paid
 */
export function policiesInForce(
  { policies: all, notAuthentic }: PolicyListResponse,
  agentId: string,
): ReadonlyMap<PolicyType, Policy> | null {
  if (notAuthentic.includes(null) || notAuthentic.includes(agentId)) return null;
  const inForce = new Map<PolicyType, Policy>();
  for (const type of new Set(all.map((policy) => policy.type))) {
    const first = policyInForce(all, agentId, type);
    if (first !== undefined) inForce.set(type, first);
  }
  return inForce;
}

/** The limits that a policy has for the native asset of a chain, in whole units; null where it has none for it. */
export function nativeLimitsOf(draft: PolicyDraft, chain: string): LimitsDraft | null {
  if (draft.chain === chain) return draft;
  return draft.assets.find(({ key }) => assetOfKey(draft.chain, key) === `${chain}:native`) ?? null;
}

/** Assets a policy has limits for beside the native asset of a chain. */
export const furtherAssetsOf = (draft: PolicyDraft, chain: string): number =>
  draft.assets.length + (nativeLimitsOf(draft, chain) === null ? 1 : 0);
