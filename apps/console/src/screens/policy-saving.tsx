import { useQueryClient } from '@tanstack/react-query';
import { WAIaaSError } from '@waiaas/sdk';
import { type ReactNode, useState } from 'react';
import { useAgents, useOwnerStatus, usePresentPolicies } from '../data/queries.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useOperator } from '../session/session.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { useSigning } from '../wallets/signing.tsx';
import { agentOfIdInWords } from './agent-words.ts';
import { isFault, type Policy, type PolicyDraft, policyOf, rulesOf } from './policy-form.ts';
import { type Loosening, looseningOf } from './policy-loosening.ts';
import { type StandingWords, type Succession, useStanding, useSuccession } from './policy-succession.ts';
import { changeInWords } from './policy-words.ts';

/** Whether the daemon refuses a change because it has to be meant. */
function wantsConfirmation(error: unknown): boolean {
  if (!(error instanceof WAIaaSError) || error.code !== 'VALIDATION_ERROR') return false;
  const issues = error.details?.issues;
  return (
    Array.isArray(issues) &&
    issues.some(
      (issue: unknown) => typeof issue === 'object' && issue !== null && 'path' in issue && issue.path === 'confirm',
    )
  );
}

/** A policy that is being saved. */
export interface PolicySaving {
  store(): Promise<void>;
  readonly busy: boolean;
  readonly trouble: string | null;
  /** Whether it counts then. */
  readonly standing: StandingWords;
  /** What counts afterwards. */
  readonly succession: Succession;
  /** Asks whether a limit is to be taken off; to be put into the page. */
  readonly question: ReactNode;
}

/**
 * Stores a policy: by the owner's signature once there is an owner, by the operator before that. What takes a limit off
 * agents is asked before anybody signs; and once more where the daemon knows of it and this page did not. What somebody else
 * has changed since the form was opened is never overwritten: the words that are signed would not tell of it.
 */
export function usePolicySaving({
  policy,
  stored,
  draft,
  onSaved,
}: {
  readonly policy: Policy | null;
  /** The policy as it was when the form was opened. */
  readonly stored: PolicyDraft | null;
  readonly draft: PolicyDraft;
  readonly onSaved: () => void;
}): PolicySaving {
  const { t, language } = useSpeech();
  const operator = useOperator();
  const owner = useOwnerStatus();
  const agents = useAgents();
  const presentPolicies = usePresentPolicies();
  const queries = useQueryClient();
  const { ownerClient } = useSigning();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asking, setAsking] = useState<Loosening | 'daemon' | null>(null);

  const succession = useSuccession(policy, draft);
  const succeeded = succession.words;
  const standing = useStanding(policy, draft);

  /**
   * Sends the change, once what it takes off agents has been meant.
   * @param meant what was asked for and answered
   * @returns whether it is stored
   */
  async function send(meant: Loosening | 'daemon' | null): Promise<boolean> {
    const rules = rulesOf(draft);
    if (isFault(rules)) return false;
    const all = await presentPolicies();
    // Asked for anew, the policies are known to the form as well, which says what has become of this one.
    if (policy !== null && all.find(({ id }) => id === policy.id)?.version !== policy.version) {
      setAsking(null);
      return false;
    }
    // What follows has just become another thing, which is shown now.
    if (succession.among(all) !== succeeded || standing.among(all) !== standing.words) {
      setAsking(null);
      setTrouble(t('policies.moved'));
      return false;
    }
    const loosened = looseningOf(policy, draft, all);
    if (loosened !== null && meant !== loosened && meant !== 'daemon') {
      setAsking(loosened);
      return false;
    }
    const subject = { policy, agent: agentOfIdInWords(agents.data, draft.agentId) };
    const effects = { loosened, standing: standing.words, succeeded };
    const about = changeInWords(stored, draft, subject, effects, { t, language });
    const address = owner.data?.address;
    const client = address === undefined ? operator : await ownerClient({ address }, { about });
    const wanted = policyOf(draft, rules);
    const confirmed = meant === null ? {} : { confirm: true };
    if (policy === null) await client.createPolicy({ ...wanted, ...confirmed });
    else {
      const { enabled } = draft;
      const { version } = policy;
      const change = { rules: { ...rules }, enabled, priority: wanted.priority ?? 0, version, ...confirmed };
      await client.updatePolicy(policy.id, change);
    }
    await queries.invalidateQueries({ queryKey: ['policies'] });
    await queries.invalidateQueries({ queryKey: ['agents'] });
    return true;
  }

  async function store(): Promise<void> {
    setTrouble(null);
    setBusy(true);
    try {
      if (await send(null)) onSaved();
    } catch (error) {
      if (wantsConfirmation(error)) setAsking('daemon');
      else setTrouble(troubleOf(error, t));
      // What was refused may have been outrun while somebody signed.
      await queries.invalidateQueries({ queryKey: ['policies'] });
    } finally {
      setBusy(false);
    }
  }

  /** Sends what has just been meant. It is on its way as well: what it makes newer is nothing that somebody else has done. */
  async function sendMeant(meant: Loosening | 'daemon'): Promise<void> {
    setTrouble(null);
    setBusy(true);
    try {
      if (!(await send(meant))) return;
      setAsking(null);
      onSaved();
    } catch (error) {
      await queries.invalidateQueries({ queryKey: ['policies'] });
      throw error;
    } finally {
      setBusy(false);
    }
  }

  const question =
    asking === null ? null : (
      <ConfirmDialog
        title={t('policies.loosen.title')}
        text={t(`policies.loosen.${asking}`)}
        action={t('policies.loosen.action')}
        danger
        onClose={() => setAsking(null)}
        onConfirm={() => sendMeant(asking)}
      />
    );
  return { store, busy, trouble, standing, succession, question };
}
