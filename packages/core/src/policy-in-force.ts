import type { PolicyType } from './enums.ts';

/** What decides which of several policies counts. */
export interface RankedPolicy {
  readonly id: string;
  /** Null: it holds for all agents. */
  readonly agentId: string | null;
  /** As stored: it may be a word that nobody knows. */
  readonly type: string;
  readonly priority: number;
  readonly enabled: boolean;
}

/**
 * The one policy of a type that counts for an agent (04 §10): its own replace those of all agents, whatever their priority; of
 * what is left the highest priority counts, the lower id first among equals. What is off is as if it were not there. The only
 * function that decides this: the engine that holds payments to it, and the page that says what a change will do, both ask it.
 *
 * @param agentId null: any agent without a policy of its own of that type
 * @returns undefined where none counts
 * @example policyInForce(policies, agent.id, 'SPENDING_LIMIT')
 */
export function policyInForce<T extends RankedPolicy>(
  policies: readonly T[],
  agentId: string | null,
  type: PolicyType,
): T | undefined {
  const enabled = policies.filter((policy) => policy.enabled && policy.type === type);
  const own = enabled.filter((policy) => policy.agentId === agentId);
  const candidates = own.length > 0 ? own : enabled.filter((policy) => policy.agentId === null);
  return candidates.toSorted((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))[0];
}
