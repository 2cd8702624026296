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

/**
 * An empty list is inactive: whoever it holds for may pay anybody. One of an agent takes the place of every list for all
 * agents; one for all agents that of the next.
 */
const isOpenList = (policy: PolicyState | null): boolean =>
  policy?.enabled === true &&
  policy.type === 'WHITELIST' &&
  Array.isArray(policy.rules.allowed_addresses) &&
  policy.rules.allowed_addresses.length === 0;

/**
 * Whether a change must be confirmed because it takes a limit off agents (04 §22): it leaves no spending limit in force
 * for all agents, or it puts an empty whitelist in force, which lets everybody be paid. Somebody who empties a list may well
 * mean that nobody may be, so that is asked of a list for all agents as of one agent's own.
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
    return after?.agentId === null
      ? 'must be true: an empty whitelist lets everybody be paid, by all agents'
      : 'must be true: an empty whitelist lets everybody be paid, by this agent, whatever the list for all agents says';
  }
  return null;
}
