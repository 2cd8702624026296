import { useQueryClient } from '@tanstack/react-query';
import { WAIaaSError } from '@waiaas/sdk';
import { useState } from 'react';
import { useAgents, useOwnerStatus, usePolicies, usePresentPolicies } from '../data/queries.ts';
import type { Unit } from '../format/amount.ts';
import { useSpeech } from '../i18n/language.tsx';
import { nameInWords } from '../i18n/names.ts';
import { useOperator } from '../session/session.tsx';
import { Skeleton } from '../ui/answer.tsx';
import { Facts, Notice } from '../ui/basics.tsx';
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx';
import { useSigning } from '../wallets/signing.tsx';
import { agentOfIdInWords } from './agent-words.ts';
import { OutrunNotice, usePolicyEditing, usePolicyUnits } from './policy-editing.tsx';
import { draftOf, type Policy } from './policy-form.ts';
import { looseningOf } from './policy-loosening.ts';
import { useSuccession } from './policy-succession.ts';
import { deletedInWords, subjectInWords, succeededInOneLine } from './policy-words.ts';

interface DialogProps {
  readonly policy: Policy;
  readonly onClose: () => void;
}

/** Asks before a policy is deleted, and says what counts afterwards. */
export function DeletePolicy({ policy, onClose }: DialogProps) {
  const { t } = useSpeech();
  const units = usePolicyUnits(policy);
  if (units !== null) return <Deletion policy={policy} units={units} onClose={onClose} />;
  return (
    <Dialog title={`${t('common.delete')}: ${nameInWords(policy.type, t)}`} onClose={onClose}>
      <Skeleton rows={3} />
    </Dialog>
  );
}

/**
 * Deletes what was looked at, by the owner's signature once there is an owner. What somebody else has changed since, of the
 * policy or of what takes its place, is to be read first.
 */
function Deletion({ policy: opened, units, onClose }: DialogProps & { readonly units: ReadonlyMap<string, Unit> }) {
  const { t, language } = useSpeech();
  const agents = useAgents();
  const operator = useOperator();
  const owner = useOwnerStatus();
  const queries = useQueryClient();
  const { ownerClient } = useSigning();
  const policies = usePolicies();
  const presentPolicies = usePresentPolicies();
  const editing = usePolicyEditing(opened, units);
  const [isOnItsWay, setOnItsWay] = useState(false);
  /** Whether nothing was done, as what follows had become another thing. */
  const [hasMoved, setMoved] = useState(false);
  const policy = editing.policy ?? opened;
  // What is being deleted is gone itself, for a moment.
  const isOutrun = (editing.newer !== null || editing.isDeleted) && !isOnItsWay;

  const succession = useSuccession(policy, null);
  const succeeded = succession.words ?? t('policies.after.same');
  const loosened = looseningOf(policy, null, policies.data ?? []);
  const subject = { policy, agent: agentOfIdInWords(agents.data, policy.agentId) };
  // In the units of what is deleted: the newer one may have limits of tokens that the opened one has not.
  const draft = editing.stored ?? draftOf(policy, units);

  async function remove(): Promise<void> {
    const all = await presentPolicies();
    if (all.find(({ id }) => id === policy.id)?.version !== policy.version) return;
    // What follows has just become another thing, which is shown now.
    if (looseningOf(policy, null, all) !== loosened || succession.among(all) !== succession.words) {
      setMoved(true);
      return;
    }
    const about = deletedInWords(draft, subject, { loosened, succeeded }, { t, language });
    const address = owner.data?.address;
    const client = address === undefined ? operator : await ownerClient({ address }, { about });
    await client.deletePolicy(policy.id, { confirm: loosened !== null, version: policy.version });
    await queries.invalidateQueries({ queryKey: ['policies'] });
    onClose();
  }

  return (
    <ConfirmDialog
      title={`${t('common.delete')}: ${nameInWords(policy.type, t)}`}
      text={t('policies.delete.text')}
      action={t('common.delete')}
      danger
      disabled={isOutrun || !succession.isKnown}
      onClose={onClose}
      onConfirm={async () => {
        setOnItsWay(true);
        setMoved(false);
        try {
          await remove();
        } catch (error) {
          // What was refused may have been outrun while somebody signed: that is said with what has changed.
          await queries.invalidateQueries({ queryKey: ['policies'] });
          if (!(error instanceof WAIaaSError) || error.code !== 'POLICY_CONFLICT') throw error;
        } finally {
          setOnItsWay(false);
        }
      }}
    >
      <Facts
        rows={[
          ...subjectInWords(draft, subject, { t, language }),
          ...succeededInOneLine(policy.type, { loosened, succeeded }, { t, language }),
        ]}
      />
      {loosened !== null && <Notice kind="warn">{t(`policies.loosen.${loosened}`)}</Notice>}
      {hasMoved && !isOutrun && <Notice kind="bad">{t('policies.moved')}</Notice>}
      {!isOnItsWay && <OutrunNotice editing={editing} isDeletion />}
    </ConfirmDialog>
  );
}
