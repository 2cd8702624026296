import { useRef, useState } from 'react';
import { useAssetUnits, usePolicies } from '../data/queries.ts';
import type { Unit } from '../format/amount.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Button, Facts, Notice } from '../ui/basics.tsx';
import {
  assetOfKey,
  draftOf,
  EMPTY_DRAFT,
  furtherAssets,
  isUnchanged,
  type Policy,
  type PolicyDraft,
  rebased,
  stillUnremoved,
  type Unremoved,
  unremovedOf,
} from './policy-form.ts';
import { priorityBeforeAll } from './policy-standing.ts';
import { dayName, differencesInWords } from './policy-words.ts';

/** What whole units of the further assets of a policy are; null while that is not known yet. */
export function usePolicyUnits(policy: Policy | null): ReadonlyMap<string, Unit> | null {
  const chain = String(policy?.rules.chain ?? 'solana');
  return useAssetUnits(policy === null ? [] : furtherAssets(policy).map((key) => assetOfKey(chain, key)));
}

/** A policy, with the draft that its form begins with. */
interface Begun {
  readonly policy: Policy;
  readonly draft: PolicyDraft;
}

/** A policy that is being typed. */
export interface PolicyEditing {
  /** What is changed; null: a new one is made. */
  readonly policy: Policy | null;
  /** What the form began with; null: a new one is made. */
  readonly stored: PolicyDraft | null;
  readonly draft: PolicyDraft;
  setDraft(draft: PolicyDraft): void;
  /** What somebody else has made of it meanwhile. */
  readonly newer: Begun | null;
  /** Goes on from that; what was typed stays. */
  takeNewer(): void;
  /** Whether somebody else has deleted it meanwhile. */
  readonly isDeleted: boolean;
  /** Whether it has been gone on from a newer one. */
  readonly isTaken: boolean;
  /** What was taken out, and came back with that, as nothing would have been left. */
  readonly unremoved: Unremoved;
  /** Whether there is nothing to be stored. */
  readonly isUnchanged: boolean;
}

/**
 * Keeps what is typed of a policy, and notices when somebody else changes it meanwhile.
 * @param opened null: a new one
 * @param units of its further assets
 */
export function usePolicyEditing(opened: Policy | null, units: ReadonlyMap<string, Unit>): PolicyEditing {
  const [begun, setBegun] = useState<Begun | null>(() =>
    opened === null ? null : { policy: opened, draft: draftOf(opened, units) },
  );
  const [typed, setTyped] = useState<PolicyDraft>(begun?.draft ?? EMPTY_DRAFT);
  const [isPriorityTyped, setPriorityTyped] = useState(false);
  const [cameBack, setCameBack] = useState<Unremoved>({ recipients: [], days: [] });
  const policies = usePolicies();
  // A new policy is meant to count: until somebody says otherwise, it comes first among those it is chosen to stand beside.
  const draft =
    begun !== null || isPriorityTyped ? typed : { ...typed, priority: priorityBeforeAll(typed, policies.data ?? []) };
  const setDraft = (next: PolicyDraft): void => {
    if (next.priority !== draft.priority) setPriorityTyped(true);
    setTyped(next);
  };
  const present = policies.data?.find(({ id }) => id === begun?.policy.id) ?? null;
  const presentUnits = usePolicyUnits(present);
  const isOutrun = begun !== null && present !== null && present.version !== begun.policy.version;
  let newer: Begun | null = null;
  if (isOutrun && presentUnits !== null) {
    // What is typed is in the units the form began with: in others the same figures would be other amounts.
    const typedIn = [...begun.draft.assets, ...draft.assets].map(
      ({ key, unit }) => [assetOfKey(draft.chain, key), unit] as const,
    );
    newer = { policy: present, draft: draftOf(present, new Map([...presentUnits, ...typedIn])) };
  }
  return {
    policy: begun?.policy ?? null,
    stored: begun?.draft ?? null,
    draft,
    setDraft,
    newer,
    takeNewer() {
      if (begun === null || newer === null) return;
      const onNewer = rebased(draft, begun.draft, newer.draft);
      const { recipients, days } = unremovedOf(draft, begun.draft, onNewer);
      setCameBack((before) => ({
        recipients: [...new Set([...before.recipients, ...recipients])],
        days: [...new Set([...before.days, ...days])],
      }));
      setDraft(onNewer);
      setBegun(newer);
    },
    isDeleted: begun !== null && policies.data !== undefined && present === null,
    isTaken: begun !== null && begun.policy !== opened,
    unremoved: stillUnremoved(cameBack, draft),
    isUnchanged: begun !== null && isUnchanged(draft, begun.draft),
  };
}

/**
 * Says that somebody else has changed or deleted what is being typed, and leads on: nothing is saved over that, and nothing that
 * was typed is lost.
 */
export function OutrunNotice({
  editing,
  isDeletion = false,
}: {
  readonly editing: PolicyEditing;
  /** Whether it is to be deleted: nothing is typed of it then. */
  readonly isDeletion?: boolean;
}) {
  const { t, language } = useSpeech();
  const said = useRef<HTMLDivElement>(null);
  const { stored, newer, isDeleted, isTaken, unremoved } = editing;
  if (isDeleted) return <Notice kind="bad">{`${t('error.POLICY_NOT_FOUND')} (POLICY_NOT_FOUND)`}</Notice>;
  if (newer === null && !isTaken) return null;
  const [recipients, days] = [
    unremoved.recipients.join(' '),
    unremoved.days.map((day) => dayName(day, language)).join(', '),
  ];
  const isWhole = recipients === '' && days === '';
  const changes = newer === null || stored === null ? [] : differencesInWords(stored, newer.draft, { t, language });
  return (
    <div ref={said} tabIndex={-1} className="rounded-lg outline-none">
      {newer === null ? (
        <Notice kind={isWhole ? 'info' : 'warn'}>
          <p>
            {isWhole
              ? t(isDeletion ? 'policies.outrun.takenAway' : 'policies.outrun.taken')
              : t('policies.outrun.takenBut')}
          </p>
          {recipients !== '' && (
            <p className="mt-2 break-all">{t('policies.outrun.unremoved.recipients', { recipients })}</p>
          )}
          {days !== '' && <p className="mt-2">{t('policies.outrun.unremoved.days', { days })}</p>}
        </Notice>
      ) : (
        <Notice kind="warn">
          <p>{`${t(isDeletion ? 'policies.outrun.deletion' : 'policies.outrun')} (POLICY_CONFLICT)`}</p>
          {changes.length > 0 && (
            <section className="mt-3" aria-label={t('policies.outrun.changes')} data-testid="outrun">
              <h3 className="mb-1 font-medium">{t('policies.outrun.changes')}</h3>
              <Facts rows={changes} />
            </section>
          )}
          <Button
            className="mt-3"
            onClick={() => {
              editing.takeNewer();
              // The button goes: whoever works with the keyboard goes on from what is said in its place.
              said.current?.focus();
            }}
          >
            {t('policies.outrun.take')}
          </Button>
        </Notice>
      )}
    </div>
  );
}
