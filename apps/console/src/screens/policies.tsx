import { type ReactNode, useState } from 'react';

import { useAgents, usePolicies, usePolicyList } from '../data/queries.ts';
import { asShown, nativeUnit, type Unit } from '../format/amount.ts';
import { plain, shortId } from '../format/text.ts';

import { useSpeech } from '../i18n/language.tsx';
import { nameInWords } from '../i18n/names.ts';
import { Heading } from '../layout.tsx';
import { Answer, Skeleton } from '../ui/answer.tsx';
import {
  Badge,
  Button,
  Card,
  EmptyState,
  Facts,
  Named,
  Notice,
  SelectField,
  TextArea,
  TextField,
} from '../ui/basics.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { SwitchField } from '../ui/switch.tsx';
import { agentOfIdInWords } from './agent-words.ts';
import { AssetLimitsFields, AssetLimitsTable } from './asset-limits.tsx';
import { DeletePolicy } from './policy-deleting.tsx';
import { OutrunNotice, usePolicyEditing, usePolicyUnits } from './policy-editing.tsx';
import {
  addressesOf,
  allowsEverybody,
  draftOf,
  isFault,
  POLICY_TYPES,
  type Policy,
  type PolicyDraft,
  rulesOf,
} from './policy-form.ts';
import { usePolicySaving } from './policy-saving.tsx';
import { standingOf } from './policy-standing.ts';
import { behindInWords, dayName, daysInWords, notForInWords, unitName } from './policy-words.ts';
import { TryPolicy } from './try-policy.tsx';

const CHAINS = ['solana', 'ethereum', 'polygon', 'arbitrum', 'base'] as const;

type Editing = { readonly policy: Policy | null };

/** The rules that decide every payment. */
export function PoliciesScreen() {
  const { t } = useSpeech();
  const policies = usePolicyList();
  const [editing, setEditing] = useState<Editing | null>(null);
  const [deleting, setDeleting] = useState<Policy | null>(null);
  return (
    <>
      <Heading title={t('policies.title')}>
        <Button kind="primary" onClick={() => setEditing({ policy: null })}>
          {t('policies.new')}
        </Button>
      </Heading>
      <Answer of={policies}>
        {({ policies: all, notAuthentic }) => (
          <>
            {notAuthentic.length > 0 && <AlteredNotice whose={notAuthentic} />}
            {all.length === 0 ? (
              <Card>
                <EmptyState title={t('policies.none')} />
              </Card>
            ) : (
              <ul className="grid gap-4 xl:grid-cols-2">
                {all.map((policy) => (
                  <li key={policy.id} className="min-w-0">
                    <PolicyCard
                      policy={policy}
                      onEdit={() => setEditing({ policy })}
                      onDelete={() => setDeleting(policy)}
                    />
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </Answer>
      {editing !== null && <PolicyDialog policy={editing.policy} onClose={() => setEditing(null)} />}
      {deleting !== null && <DeletePolicy policy={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

/** Says whose policies are not those that the daemon has stored. They may not even be in the list any more. */
function AlteredNotice({ whose }: { readonly whose: readonly (string | null)[] }) {
  const { t } = useSpeech();
  const agents = useAgents();
  const names = whose.map((id) =>
    id === null ? t('common.allAgents') : plain(agents.data?.find((agent) => agent.id === id)?.name ?? id),
  );
  return <Notice kind="bad">{t('policies.altered', { whose: names.join(', ') })}</Notice>;
}

function PolicyCard({
  policy,
  onEdit,
  onDelete,
}: {
  readonly policy: Policy;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}) {
  const { t } = useSpeech();
  const agents = useAgents();
  const agent = agents.data?.find(({ id }) => id === policy.agentId);
  const draft = draftOf(policy, usePolicyUnits(policy) ?? undefined);
  const standing = standingOf(policy, draft, usePolicies().data ?? []);
  const { behind } = standing;
  const notFor = notForInWords(standing, (id) => agentOfIdInWords(agents.data, id), { t });
  const isConsulted = policy.authentic && policy.enabled && behind === null;
  return (
    <Card className="flex h-full flex-col">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">
          <Named code={policy.type} />
        </h2>
        <span className="flex gap-2">
          {!policy.authentic ? (
            <Badge tone="bad">{t('policies.altered.badge')}</Badge>
          ) : behind === null ? (
            <Badge tone={policy.enabled ? 'good' : 'quiet'}>
              {policy.enabled ? t('common.enabled') : t('common.disabled')}
            </Badge>
          ) : (
            <Badge tone="warn">{t('policies.counts.not')}</Badge>
          )}
        </span>
      </div>
      <p className="mb-3 text-sm text-muted">
        {t('policies.scope')}: {policy.agentId === null ? t('common.allAgents') : plain(agent?.name ?? policy.agentId)}{' '}
        · {t('common.priority')} {policy.priority} · {shortId(policy.id)} · v{policy.version}
      </p>
      {policy.authentic && behind !== null && (
        <p className="mb-3 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">{behindInWords(behind, { t })}</p>
      )}
      {policy.authentic && notFor !== null && (
        <p className="mb-3 rounded-lg bg-raised px-3 py-2 text-sm text-muted">{notFor}</p>
      )}
      <Rules draft={draft} isConsulted={isConsulted} />
      <div className="mt-auto flex justify-end gap-2 pt-4">
        <Button kind="quiet" onClick={onDelete}>
          {t('common.delete')}
        </Button>
        <Button onClick={onEdit}>{t('common.edit')}</Button>
      </div>
    </Card>
  );
}

function Rules({ draft, isConsulted }: { readonly draft: PolicyDraft; readonly isConsulted: boolean }) {
  const { t, language } = useSpeech();
  const unit = nativeUnit(draft.chain);
  const cap = (amount: string): string =>
    amount === '' ? t('common.noLimit') : `${asShown(amount, unit)} ${unit.symbol}`;
  switch (draft.type) {
    case 'SPENDING_LIMIT':
      return (
        <>
          <TierLadder draft={draft} />
          <div className="mt-4">
            <Facts
              rows={[
                [t('policies.daily'), cap(draft.daily)],
                [t('policies.weekly'), cap(draft.weekly)],
                [t('policies.window'), t(`policies.window.${draft.window}`)],
                ...(draft.share === '' ? [] : [[t('policies.share.short'), `> ${draft.share} %`] as const]),
              ]}
            />
          </div>
          <AssetLimitsTable draft={draft} />
        </>
      );
    case 'WHITELIST':
      return allowsEverybody(draft) ? (
        <p
          className={`rounded-lg px-3 py-2 text-sm ${isConsulted ? 'bg-warn-soft text-warn' : 'bg-raised text-muted'}`}
        >
          {t(isConsulted ? 'policies.everybody' : 'policies.notConsulted')}
        </p>
      ) : (
        <ul className="space-y-1 text-xs">
          {addressesOf(draft).map((address) => (
            <li key={address}>
              <code className="break-all">{address}</code>
            </li>
          ))}
        </ul>
      );
    case 'TIME_RESTRICTION':
      return (
        <Facts
          rows={[
            [t('policies.hours.short'), `${draft.from} – ${draft.until} (${draft.timezone})`],
            [t('policies.days'), daysInWords(draft, t, language)],
          ]}
        />
      );
    case 'RATE_LIMIT':
      return (
        <Facts
          rows={[
            [t('policies.perHour'), draft.perHour],
            [t('policies.perDay'), draft.perDay],
          ]}
        />
      );
  }
}

/** How a payment is sorted, as steps that rise. */
function TierLadder({ draft }: { readonly draft: PolicyDraft }) {
  const { t } = useSpeech();
  const unit = nativeUnit(draft.chain);
  const bound = (amount: string): string => `${asShown(amount, unit) || '?'} ${unit.symbol}`;
  const steps: readonly (readonly [tier: string, text: string])[] = [
    ['INSTANT', `≤ ${bound(draft.instant)}`],
    ['NOTIFY', `≤ ${bound(draft.notify)}`],
    ['DELAY', `≤ ${bound(draft.delay)}`],
    ['APPROVAL', `> ${bound(draft.delay)}`],
  ];
  return (
    <ol aria-label={t('policies.tiers')} className="grid grid-cols-2 gap-2 sm:grid-cols-4">
      {steps.map(([tier, words]) => (
        <li key={tier} className="rounded-lg bg-raised px-2 py-2">
          <Badge>{tier}</Badge>
          <span className="mt-1.5 block text-sm font-medium break-all tabular-nums">{words}</span>
        </li>
      ))}
    </ol>
  );
}

function PolicyDialog({ policy, onClose }: { readonly policy: Policy | null; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const units = usePolicyUnits(policy);
  return (
    <Dialog title={policy === null ? t('policies.new') : nameInWords(policy.type, t)} onClose={onClose} wide>
      {units === null ? <Skeleton rows={6} /> : <PolicyEditor policy={policy} units={units} onClose={onClose} />}
    </Dialog>
  );
}

function PolicyEditor({
  policy,
  units,
  onClose,
}: {
  readonly policy: Policy | null;
  readonly units: ReadonlyMap<string, Unit>;
  readonly onClose: () => void;
}) {
  const { t } = useSpeech();
  const editing = usePolicyEditing(policy, units);
  const { draft, setDraft, newer, isDeleted, isUnchanged } = editing;
  const rules = rulesOf(draft);
  const { store, busy, trouble, standing, succession, question } = usePolicySaving({ ...editing, onSaved: onClose });
  // What is being saved is newer itself, for a moment.
  const isOutrun = (newer !== null || isDeleted) && !busy;

  return (
    <>
      <PolicyFields draft={draft} onDraft={setDraft} isNew={policy === null} />
      <FaultNotice draft={draft} rules={rules} />
      {!isFault(rules) && <TryPolicy policy={policy} draft={draft} rules={rules} />}
      {!isFault(rules) && succession.isKnown && standing.words !== null && !busy && (
        <Notice kind={standing.isBehind ? 'warn' : 'info'}>{standing.words}</Notice>
      )}
      {succession.words !== null && <Facts rows={[[t('policies.after'), succession.words]]} />}
      {!busy && <OutrunNotice editing={editing} />}
      {trouble !== null && !isOutrun && <Notice kind="bad">{trouble}</Notice>}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button
          kind="primary"
          busy={busy}
          disabled={isFault(rules) || isOutrun || isUnchanged || !succession.isKnown}
          onClick={store}
        >
          {t('common.save')}
        </Button>
      </div>
      {question}
    </>
  );
}

/** Says which field holds nothing usable, in the words that stand beside it. */
export function FaultNotice({
  draft,
  rules,
}: {
  readonly draft: PolicyDraft;
  readonly rules: ReturnType<typeof rulesOf>;
}) {
  const { t, language } = useSpeech();
  if (!isFault(rules)) return null;
  const { fault, field, of, range } = rules;
  const unit = unitName(of?.unit ?? nativeUnit(draft.chain), t);
  const names: Partial<Record<keyof PolicyDraft, string>> = {
    instant: t('policies.instant'),
    notify: t('policies.notify'),
    delay: t('policies.delay'),
    daily: t('policies.daily'),
    weekly: t('policies.weekly'),
    delaySeconds: t('policies.delaySeconds'),
    approvalTimeout: t('policies.approvalTimeout'),
    from: t('policies.hours'),
    until: t('policies.until'),
    perHour: t('policies.perHour'),
    perDay: t('policies.perDay'),
    priority: t('common.priority'),
  };
  const name = names[field] ?? field;
  const count = (number = 0): string => new Intl.NumberFormat(language).format(number);
  const words = {
    amount: t('policies.invalid', { symbol: unit, field: name }),
    order: `${unit}: ${t('policies.order')}`,
    caps: `${unit}: ${t('policies.caps')}`,
    number: t('policies.noNumber', { field: name }),
    range: t('policies.range', { field: name, least: count(range?.[0]), most: count(range?.[1]) }),
    hours: t('policies.hours.same'),
    share: t('policies.share.invalid'),
  } as const;
  return <Notice kind="warn">{words[fault]}</Notice>;
}

/** What can be typed of a policy. */
export function PolicyFields({
  draft,
  onDraft,
  isNew,
}: {
  readonly draft: PolicyDraft;
  readonly onDraft: (draft: PolicyDraft) => void;
  readonly isNew: boolean;
}) {
  const { t, language } = useSpeech();
  const agents = useAgents();
  const { symbol } = nativeUnit(draft.chain);
  const line = (
    field: KeysOf<PolicyDraft, string>,
    label: string,
    rest: { readonly hint?: string } = {},
  ): ReactNode => (
    <TextField
      label={label}
      value={draft[field]}
      onChange={(event) => onDraft({ ...draft, [field]: event.target.value })}
      {...rest}
    />
  );
  return (
    <div className="space-y-4">
      {/* What a policy is of, and for whom, never changes. */}
      {isNew && (
        <>
          <div className="grid gap-4 sm:grid-cols-2">
            <SelectField
              label={t('notifications.type')}
              value={draft.type}
              options={POLICY_TYPES.map((type) => [type, nameInWords(type, t)])}
              onValue={(value) =>
                onDraft({ ...draft, type: POLICY_TYPES.find((type) => type === value) ?? 'SPENDING_LIMIT' })
              }
            />
            <SelectField
              label={t('policies.scope')}
              value={draft.agentId}
              options={[
                ['', t('common.allAgents')],
                ...(agents.data ?? []).map(({ id, name }) => [id, plain(name)] as const),
              ]}
              onValue={(agentId) => onDraft({ ...draft, agentId })}
            />
          </div>
          {(draft.type === 'SPENDING_LIMIT' || draft.type === 'WHITELIST') && (
            <SelectField
              label={t('agents.chain')}
              value={draft.chain}
              options={CHAINS.map((chain) => [chain, chain])}
              onValue={(chain) => onDraft({ ...draft, chain })}
            />
          )}
        </>
      )}
      {draft.type === 'SPENDING_LIMIT' && (
        <>
          <div className="grid gap-4 sm:grid-cols-3">
            {line('instant', `${t('policies.instant')} (${symbol})`)}
            {line('notify', `${t('policies.notify')} (${symbol})`)}
            {line('delay', `${t('policies.delay')} (${symbol})`, { hint: t('policies.above') })}
          </div>
          <TierLadder draft={draft} />
          <div className="grid gap-4 sm:grid-cols-2">
            {line('daily', `${t('policies.daily')} (${symbol})`, { hint: t('common.optional') })}
            {line('weekly', `${t('policies.weekly')} (${symbol})`, { hint: t('common.optional') })}
            {line('delaySeconds', t('policies.delaySeconds'))}
            {line('approvalTimeout', t('policies.approvalTimeout'))}
          </div>
          <SelectField
            label={t('policies.window')}
            value={draft.window}
            options={[
              ['rolling', t('policies.window.rolling')],
              ['calendar', t('policies.window.calendar')],
            ]}
            onValue={(value) => onDraft({ ...draft, window: value === 'calendar' ? 'calendar' : 'rolling' })}
          />
          {line('share', t('policies.share'), { hint: t('policies.share.text') })}
          <AssetLimitsFields draft={draft} onDraft={onDraft} />
        </>
      )}
      {draft.type === 'WHITELIST' && (
        <>
          <TextArea
            label={t('policies.addresses')}
            value={draft.addresses}
            onChange={(event) => onDraft({ ...draft, addresses: event.target.value })}
          />
          {allowsEverybody(draft) && <Notice kind="warn">{t('policies.everybody.text')}</Notice>}
        </>
      )}
      {draft.type === 'TIME_RESTRICTION' && (
        <>
          <div className="grid gap-4 sm:grid-cols-3">
            {line('from', t('policies.hours'))}
            {line('until', t('policies.until'))}
            {line('timezone', t('policies.timezone'))}
          </div>
          <fieldset>
            <legend className="mb-1 text-sm font-medium">{t('policies.days')}</legend>
            <div className="flex flex-wrap gap-3">
              {[0, 1, 2, 3, 4, 5, 6].map((day) => (
                <label key={day} className="flex items-center gap-1.5 text-sm">
                  <input
                    type="checkbox"
                    className="size-4 accent-accent"
                    checked={draft.days.includes(day)}
                    onChange={(event) =>
                      onDraft({
                        ...draft,
                        days: event.target.checked
                          ? [...draft.days, day].sort((one, other) => one - other)
                          : draft.days.filter((one) => one !== day),
                      })
                    }
                  />
                  {dayName(day, language)}
                </label>
              ))}
            </div>
            {draft.days.length === 0 && <Notice kind="warn">{t('policies.everyDay.text')}</Notice>}
          </fieldset>
        </>
      )}
      {draft.type === 'RATE_LIMIT' && (
        <div className="grid gap-4 sm:grid-cols-2">
          {line('perHour', t('policies.perHour'))}
          {line('perDay', t('policies.perDay'))}
        </div>
      )}
      <div className="grid items-end gap-4 sm:grid-cols-2">
        {line('priority', t('common.priority'))}
        <SwitchField
          label={t('common.enabled')}
          checked={draft.enabled}
          onChecked={(enabled) => onDraft({ ...draft, enabled })}
        />
      </div>
    </div>
  );
}

type KeysOf<T, Value> = {
  [Key in keyof T]: T[Key] extends Value ? (string extends T[Key] ? Key : never) : never;
}[keyof T];
