import { policyInForce, type RankedPolicy } from '@waiaas/core';
import { type Policy, type PolicyDraft, type PolicyType, priorityOf } from './policy-form.ts';
import { NEWEST } from './policy-loosening.ts';

/** Where a policy stands among the others of its type. */
export interface Standing {
  /** What comes first in its place, so that it does not count; null: it counts, or is off. */
  readonly behind: Policy | null;
  /** What has counted until now where it counts then; null: itself, or none. */
  readonly displaced: Policy | null;
  /** Ids of the agents with one of their own, for which one for all agents does not count. */
  readonly notFor: readonly string[];
  /** Whether it is for one agent. */
  readonly isOfOneAgent: boolean;
}

/**
 * Where a policy stands once it is as it is typed, by the order that the daemon holds payments to.
 * @param policy as it is; null: a new one, which comes after all others of its priority
 * @param all the policies there are
 */
export function standingOf(
  policy: Policy | null,
  draft: Pick<PolicyDraft, 'type' | 'agentId' | 'enabled' | 'priority'>,
  all: readonly Policy[],
): Standing {
  const { type, enabled } = draft;
  const id = policy?.id ?? NEWEST;
  const agentId = draft.agentId === '' ? null : draft.agentId;
  const isOfOneAgent = agentId !== null;
  const priority = priorityOf(draft);
  if (!enabled || priority === null) return { behind: null, displaced: null, notFor: [], isOfOneAgent };
  const others = all.filter((one) => one.id !== id);
  const first = policyInForce<RankedPolicy>([...others, { id, agentId, type, enabled, priority }], agentId, type);
  const behind = others.find((one) => one.id === first?.id) ?? null;
  if (behind !== null) return { behind, displaced: null, notFor: [], isOfOneAgent };
  const before = policyInForce(all, agentId, type);
  const own = isOfOneAgent ? [] : others.filter((one) => one.enabled && one.type === type);
  return {
    behind,
    displaced: before === undefined || before.id === id ? null : before,
    notFor: [...new Set(own.flatMap((one) => one.agentId ?? []))],
    isOfOneAgent,
  };
}

/** The highest priority that the daemon takes. */
const HIGHEST = 1_000_000;

/**
 * The priority with which a new policy comes first among those of its type and scope, also once one of them is switched on that is
 * off.
 */
export function priorityBeforeAll(
  { type, agentId }: { readonly type: PolicyType; readonly agentId: string },
  all: readonly Policy[],
): string {
  const taken = all.filter((one) => one.type === type && (one.agentId ?? '') === agentId).map((one) => one.priority);
  return String(taken.length === 0 ? 0 : Math.min(HIGHEST, Math.max(...taken) + 1));
}
