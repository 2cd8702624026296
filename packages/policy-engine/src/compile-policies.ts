import type { AgentId } from '@waiaas/core';
import { compileSpendingLimit } from './compile-spending-limit.ts';
import type { CompiledPolicies } from './compiled-policies.ts';
import { findBlocker } from './find-blocker.ts';
import type { PolicyRow } from './policy-row.ts';

/**
 * Finds the policies in force for an agent and reads their rules (04 §10).
 *
 * An agent's own policies of a type replace the global ones of that type, whatever their priority; of those that are
 * left, only the one with the highest priority counts, the lower id first among equals. Disabled policies are as if they
 * were not there. A policy that cannot be applied (broken seal, rules not of the documented form, a type that is not
 * enforced) becomes a `blocker` that denies. Never throws; the order of the rows does not matter.
 *
 * @param rows all policies of the agent and all global ones, enabled or not. A row with a broken seal denies whatever
 *   agent it names, because that too is unproven.
 * @example
 * const policies = compilePolicies(rows, agentId);
 * const decision = evaluate(policies, payment, facts);
 */
export function compilePolicies(rows: readonly PolicyRow[], agentId: AgentId): CompiledPolicies {
  const blocker = findBlocker(rows, agentId);
  const row = blocker === null ? firstInForce(rows, agentId) : undefined;
  const spendingLimit = row === undefined ? null : compileSpendingLimit(row);
  return Object.freeze({ agentId, blocker, spendingLimit });
}

/** The row that counts. Asked only when there is no blocker: all rows in force are then spending limits. */
function firstInForce(rows: readonly PolicyRow[], agentId: AgentId): PolicyRow | undefined {
  const enabled = rows.filter((row) => row.enabled);
  const own = enabled.filter((row) => row.agentId === agentId);
  const candidates = own.length > 0 ? own : enabled.filter((row) => row.agentId === null);
  return candidates.toSorted((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))[0];
}
