import type { PolicyType } from '@waiaas/core';

/** What counts about a policy when it is asked whether a change loosens limits. */
export interface PolicyState {
  readonly id: string;
  /** Null: for all agents. */
  readonly agentId: string | null;
  readonly type: PolicyType;
  readonly rules: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
}

const isGlobalLimit = (policy: PolicyState | null): boolean =>
  policy?.enabled === true && policy.agentId === null && policy.type === 'SPENDING_LIMIT';

/** An agent's empty list takes the place of every list for all agents, and lists nobody: the agent may pay anybody. */
const isOpenList = (policy: PolicyState | null): boolean =>
  policy?.enabled === true &&
  policy.agentId !== null &&
  policy.type === 'WHITELIST' &&
  Array.isArray(policy.rules.allowed_addresses) &&
  policy.rules.allowed_addresses.length === 0;

/**
 * Whether a change must be confirmed because it takes a limit off agents (04 §22): it leaves no spending limit in force
 * for all agents, or it gives an agent an empty whitelist, which switches off the one for all agents, present or to come.
 *
 * @param before null for a new policy
 * @param after null for a deleted one
 * @param stored all policies as they are stored before the change
 * @returns what must be confirmed, or null
 */
export function loosening(
  before: PolicyState | null,
  after: PolicyState | null,
  stored: readonly PolicyState[],
): string | null {
  if (isGlobalLimit(before) && !isGlobalLimit(after)) {
    const others = stored.some((other) => other.id !== before?.id && isGlobalLimit(other));
    if (!others) return 'must be true: this is the last spending limit in force for all agents';
  }
  if (isOpenList(after) && !isOpenList(before)) {
    return 'must be true: an empty whitelist switches off the whitelist for all agents, for this agent';
  }
  return null;
}
