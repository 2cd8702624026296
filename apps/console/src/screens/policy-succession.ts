import { useAgents, usePolicies } from '../data/queries.ts';
import { useSpeech } from '../i18n/language.tsx';
import { agentOfIdInWords } from './agent-words.ts';
import { usePolicyUnits } from './policy-editing.tsx';
import type { Policy, PolicyDraft } from './policy-form.ts';
import { successorOf } from './policy-loosening.ts';
import { standingOf } from './policy-standing.ts';
import { standingInWords, succeededInWords } from './policy-words.ts';

/** What counts once a policy is changed or deleted. */
export interface Succession {
  /** In words; null: the same policy as before. */
  readonly words: string | null;
  /** Whether the policies are known, and what amounts are told in: before that, nobody is to sign for it. */
  readonly isKnown: boolean;
  /** The same in words, among the policies that there are by now. */
  among(all: readonly Policy[]): string | null;
}

/**
 * Tells what counts once a policy is changed or deleted, its amounts in whole units wherever an agent's network knows them.
 * @param policy null: a new one, which takes nothing's place here
 * @param draft as it is to be; null: deleted
 */
export function useSuccession(policy: Policy | null, draft: PolicyDraft | null): Succession {
  const { t, language } = useSpeech();
  const agents = useAgents();
  const known = usePolicies().data;
  const all = known ?? [];
  const next = policy === null ? 'same' : successorOf(policy, draft, all);
  const successor = next === 'same' ? null : next;
  const units = usePolicyUnits(successor);
  const isKnown = known !== undefined && (successor === null || units !== null);
  const names = {
    agentOf: (id: string | null) => agentOfIdInWords(agents.data, id),
    units: units ?? new Map<string, never>(),
  };
  const among = (present: readonly Policy[]): string | null =>
    policy === null ? null : succeededInWords(policy, draft, present, names, { t, language });
  return { words: isKnown ? among(all) : '…', isKnown, among };
}

/** Whether a policy counts once it is stored, and what it takes the place of. */
export interface StandingWords {
  /** In words; null: nothing to be said of that. */
  readonly words: string | null;
  /** Whether it will not count. */
  readonly isBehind: boolean;
  /** The same in words, among the policies that there are by now. */
  among(all: readonly Policy[]): string | null;
}

/**
 * Tells whether a policy counts once it is as it is typed.
 * @param policy null: a new one
 */
export function useStanding(policy: Policy | null, draft: PolicyDraft): StandingWords {
  const { t } = useSpeech();
  const agents = useAgents().data;
  const all = usePolicies().data ?? [];
  const agentOf = (id: string | null) => agentOfIdInWords(agents, id);
  const among = (present: readonly Policy[]): string | null =>
    standingInWords(standingOf(policy, draft, present), agentOf, { t });
  return { words: among(all), isBehind: standingOf(policy, draft, all).behind !== null, among };
}
