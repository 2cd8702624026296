import { type PolicyType, policyInForce } from '@waiaas/core';

/** What counts about a policy when it is asked whether a change loosens limits. */
export interface PolicyState {
  readonly id: string;
  /** Null: for all agents. */
  readonly agentId: string | null;
  readonly type: PolicyType;
  readonly rules: Readonly<Record<string, unknown>>;
  readonly priority: number;
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

/** Whether everybody may be paid: by an agent, or by those without a list of their own. */
function isOpen(policies: readonly PolicyState[], agentId: string | null): boolean {
  const list = policyInForce(policies, agentId, 'WHITELIST');
  return list === undefined || isOpenList(list);
}

/**
 * Whether a change must be confirmed because it takes a limit off agents (04 §22): it leaves no spending limit in force
 * for all agents, it leaves no whitelist in force that names somebody where there was one, or it enables an empty one. All
 * three let agents pay more, or more people. Somebody who empties a list may well mean that nobody may be paid, so that is
 * asked even where another list counts in its place.
 *
 * A change for all agents changes nothing for those with a list of their own, so only its own scope is compared.
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
  const others = stored.filter(({ id }) => id !== before?.id);
  if (isGlobalLimit(before) && !isGlobalLimit(after) && !others.some(isGlobalLimit)) {
    return 'must be true: this is the last spending limit in force for all agents';
  }
  const scope = (after ?? before)?.agentId ?? null;
  if (isOpenList(after) && !isOpenList(before)) {
    return scope === null
      ? 'must be true: an empty whitelist lets everybody be paid, by all agents'
      : 'must be true: an empty whitelist lets everybody be paid, by this agent, whatever the list for all agents says';
  }
  if (!isOpen(stored, scope) && isOpen(after === null ? others : [...others, after], scope)) {
    return scope === null
      ? 'must be true: afterwards no whitelist holds, and everybody may be paid by all agents without a list of their own'
      : 'must be true: afterwards no whitelist holds for this agent, and everybody may be paid by it';
  }
  return null;
}
