import { useQueryClient } from '@tanstack/react-query';
import { WAIaaSError } from '@waiaas/sdk';
import { type ReactNode, useState } from 'react';
import { useAgents, useOwnerStatus, usePolicies } from '../data/queries.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useOperator } from '../session/session.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { useSigning } from '../wallets/signing.tsx';
import {
  isFault,
  type Loosening,
  looseningOf,
  type Policy,
  type PolicyDraft,
  policyOf,
  rulesOf,
} from './policy-form.ts';
import { agentNameOf, changeInWords } from './policy-words.ts';

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
  /** Asks whether a limit is to be taken off; to be put into the page. */
  readonly question: ReactNode;
}

/**
 * Stores a policy: by the owner's signature once there is an owner, by the operator before that. What takes a limit off
 * agents is asked before anybody signs; and once more where the daemon knows of it and this page did not.
 */
export function usePolicySaving({
  policy,
  stored,
  draft,
  onSaved,
}: {
  readonly policy: Policy | null;
  /** The policy as it is. */
  readonly stored: PolicyDraft | null;
  readonly draft: PolicyDraft;
  readonly onSaved: () => void;
}): PolicySaving {
  const { t, language } = useSpeech();
  const operator = useOperator();
  const owner = useOwnerStatus();
  const agents = useAgents();
  const policies = usePolicies();
  const queries = useQueryClient();
  const { ownerClient } = useSigning();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asking, setAsking] = useState<Loosening | 'daemon' | null>(null);

  async function send(confirm: boolean): Promise<void> {
    const rules = rulesOf(draft);
    if (isFault(rules)) return;
    const about = changeInWords(stored, draft, agentNameOf(agents.data, draft.agentId), { t, language });
    const address = owner.data?.address;
    const client = address === undefined ? operator : await ownerClient({ address }, { about });
    const wanted = policyOf(draft, rules);
    const meant = confirm ? { confirm: true } : {};
    if (policy === null) await client.createPolicy({ ...wanted, ...meant });
    else {
      const { enabled } = draft;
      await client.updatePolicy(policy.id, { rules: { ...rules }, enabled, priority: wanted.priority ?? 0, ...meant });
    }
    await queries.invalidateQueries({ queryKey: ['policies'] });
    await queries.invalidateQueries({ queryKey: ['agents'] });
  }

  async function store(): Promise<void> {
    setTrouble(null);
    const loosened = looseningOf(policy, stored, draft, policies.data ?? []);
    if (loosened !== null) return setAsking(loosened);
    setBusy(true);
    try {
      await send(false);
      onSaved();
    } catch (error) {
      if (wantsConfirmation(error)) setAsking('daemon');
      else setTrouble(troubleOf(error, t));
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
        onConfirm={async () => {
          await send(true);
          setAsking(null);
          onSaved();
        }}
      />
    );
  return { store, busy, trouble, question };
}
