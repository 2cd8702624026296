import { policyInForce } from '@waiaas/core';
import { addressesOf, type Policy, type PolicyDraft } from './policy-form.ts';

/**
 * What a change takes off agents, and has to be meant for: that of the whitelist by an empty one, that of the last whitelist
 * which names somebody, or the last spending limit for all.
 */
export type Loosening = 'everybody' | 'lastList' | 'lastLimit';

/** What counts about a policy here. */
interface State {
  readonly id: string;
  readonly agentId: string | null;
  readonly type: Policy['type'];
  readonly enabled: boolean;
  readonly priority: number;
  /** Whether it is a whitelist that names nobody, which to the daemon is none. */
  readonly isEmptyList: boolean;
}

/** The id of a new policy is made later than all others, and so comes after them. */
export const NEWEST = 'new';

const stateOf = ({ id, agentId, type, enabled, priority, rules }: Policy): State => {
  const { allowed_addresses: addresses } = rules;
  const isEmptyList = type === 'WHITELIST' && Array.isArray(addresses) && addresses.length === 0;
  return { id, agentId, type, enabled, priority, isEmptyList };
};

const stateOfDraft = (draft: PolicyDraft, id: string): State => ({
  id,
  agentId: draft.agentId === '' ? null : draft.agentId,
  type: draft.type,
  enabled: draft.enabled,
  priority: Number(draft.priority),
  isEmptyList: draft.type === 'WHITELIST' && addressesOf(draft).length === 0,
});

/**
 * What counts where a policy holds, once it is changed or deleted: an agent without one of its own has that for all. Off, or
 * behind another one, a policy has left as much as a deleted one.
 * @param draft as it is to be; null: deleted
 * @returns `same` where the policy that counts is the one that counted before; null: none of its type
 */
export function successorOf(
  policy: Policy,
  draft: Pick<PolicyDraft, 'enabled' | 'priority'> | null,
  all: readonly Policy[],
): Policy | 'same' | null {
  const { type, id, agentId } = policy;
  const others = all.filter((one) => one.id !== id);
  const changed =
    draft === null ? others : [...others, { ...policy, enabled: draft.enabled, priority: Number(draft.priority) }];
  const [before, after] = [all, changed].map((policies) => policyInForce(policies, agentId, type));
  return before?.id === after?.id ? 'same' : (after ?? null);
}

/**
 * What the daemon will want confirmed of a change, so that it is asked before the owner signs.
 * @param policy as it is; null: a new one
 * @param draft as it is to be; null: deleted
 * @param all the policies there are
 */
export function looseningOf(
  policy: Policy | null,
  draft: PolicyDraft | null,
  all: readonly Policy[],
): Loosening | null {
  const before = policy === null ? null : stateOf(policy);
  const after = draft === null ? null : stateOfDraft(draft, policy?.id ?? NEWEST);
  const others = all.filter(({ id }) => id !== policy?.id).map(stateOf);
  const stored = before === null ? others : [...others, before];
  const changed = after === null ? others : [...others, after];

  const isGlobalLimit = (one: State): boolean => one.type === 'SPENDING_LIMIT' && one.enabled && one.agentId === null;
  if (stored.some(isGlobalLimit) && !changed.some(isGlobalLimit)) return 'lastLimit';

  const isOpenList = (one: State | null): boolean => one?.enabled === true && one.isEmptyList;
  if (isOpenList(after) && !isOpenList(before)) return 'everybody';
  const scope = (after ?? before)?.agentId ?? null;
  const isOpen = (policies: readonly State[]): boolean =>
    policyInForce(policies, scope, 'WHITELIST')?.isEmptyList ?? true;
  return !isOpen(stored) && isOpen(changed) ? 'lastList' : null;
}
