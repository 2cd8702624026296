import { type AgentId, type PolicyType, policyInForce } from '@waiaas/core';
import { compileRateLimit } from './compile-rate-limit.ts';
import { compileSpendingLimit } from './compile-spending-limit.ts';
import { compileTimeRestriction } from './compile-time-restriction.ts';
import { compileWhitelist } from './compile-whitelist.ts';
import type { Blocker, CompiledPolicies } from './compiled-policies.ts';
import { findBlocker } from './find-blocker.ts';
import type { PolicyRow } from './policy-row.ts';

/**
 * Finds the policies in force for an agent and reads their rules (04 §10).
 *
 * Type by type: an agent's own policies replace the global ones of that type, whatever their priority; of those that are
 * left, only the one with the highest priority counts, the lower id first among equals. Disabled policies are as if they
 * were not there. A policy that cannot be applied (broken seal, rules not of the documented form, an unknown type)
 * becomes a `blocker` that denies. Never throws; the order of the rows does not matter.
 *
 * @param rows all policies of the agent and all global ones, enabled or not. A row with a broken seal denies whatever
 *   agent it names, because that too is unproven.
 * @example
 * const policies = compilePolicies(rows, agentId);
 * const decision = evaluate(policies, payment, facts);
 */
export function compilePolicies(rows: readonly PolicyRow[], agentId: AgentId): CompiledPolicies {
  const blocker = findBlocker(rows, agentId);
  if (blocker !== null) return blockedPolicies(agentId, blocker);
  const inForce = <Rule>(type: PolicyType, compile: (row: PolicyRow) => Rule | null): Rule | null => {
    // There is no blocker: all rows of the agent can be applied.
    const row = policyInForce(rows, agentId, type);
    return row === undefined ? null : compile(row);
  };
  return Object.freeze({
    agentId,
    blocker,
    whitelist: inForce('WHITELIST', compileWhitelist),
    timeRestriction: inForce('TIME_RESTRICTION', compileTimeRestriction),
    rateLimit: inForce('RATE_LIMIT', compileRateLimit),
    spendingLimit: inForce('SPENDING_LIMIT', compileSpendingLimit),
  });
}

/**
 * Policies that deny everything, for a reason the engine cannot find in the rows by itself: a set from which a row was
 * removed, counters that were changed, or a decision that is replayed (09 no. 9).
 * @example blockedPolicies(agentId, { reason: 'POLICY_NOT_AUTHENTIC', policyId: null, policyVersion: null })
 */
export const blockedPolicies = (agentId: AgentId, blocker: Blocker): CompiledPolicies =>
  Object.freeze({
    agentId,
    blocker: Object.freeze({ ...blocker }),
    whitelist: null,
    timeRestriction: null,
    rateLimit: null,
    spendingLimit: null,
  });
