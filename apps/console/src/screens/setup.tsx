import { type ReactNode, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useAgents, useChannels, useOwnerStatus, usePolicies, useSessions } from '../data/queries.ts';
import type { Unit } from '../format/amount.ts';
import type { TextKey } from '../i18n/en.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { Skeleton } from '../ui/answer.tsx';
import { Badge, Button, Card, FullAddress, Notice } from '../ui/basics.tsx';
import { troubleOf } from '../ui/dialog.tsx';
import { CreateAgentDialog } from './agents.tsx';
import { ChannelDialog } from './notifications.tsx';
import { OwnerDialog } from './owner.tsx';
import { FaultNotice, PolicyFields, usePolicyUnits, useSavePolicy } from './policies.tsx';
import { draftOf, EMPTY_DRAFT, isFault, type Policy, type PolicyDraft, rulesOf } from './policy-form.ts';
import { CreateSessionDialog } from './sessions.tsx';

const STEPS = ['owner', 'agent', 'limits', 'channels', 'session'] as const;
type Step = (typeof STEPS)[number];

/**
 * Leads through a fresh install. Nothing of it is kept here: what is done is asked of the daemon, so that it goes on where
 * it was left, in whatever browser.
 */
export function SetupScreen() {
  const { t } = useSpeech();
  const [, navigate] = useLocation();
  const owner = useOwnerStatus();
  const agents = useAgents();
  const channels = useChannels();
  const sessions = useSessions({ active: true });
  const [limitsSeen, setLimitsSeen] = useState(false);
  const done: Readonly<Record<Step, boolean>> = {
    owner: owner.data?.connected === true,
    agent: (agents.data?.length ?? 0) > 0,
    limits: limitsSeen,
    channels: channels.data !== undefined && channels.data.channels.length >= Math.max(1, channels.data.minChannels),
    session: (sessions.data?.pages[0]?.sessions.length ?? 0) > 0,
  };
  const [chosen, setChosen] = useState<Step | null>(null);
  const isKnown = owner.data !== undefined && agents.data !== undefined;
  const step = chosen ?? STEPS.find((one) => !done[one]) ?? 'session';
  const next = STEPS[STEPS.indexOf(step) + 1];
  const goOn = (): void => {
    if (step === 'limits') setLimitsSeen(true);
    if (next === undefined) navigate('/');
    else setChosen(next);
  };

  return (
    <>
      <Heading title={t('setup.title')} />
      <p className="mb-5 text-sm text-muted">{t('setup.text')}</p>
      <ol className="mb-5 flex flex-wrap gap-2">
        {STEPS.map((one, index) => (
          <li key={one}>
            <button
              type="button"
              aria-current={one === step ? 'step' : undefined}
              onClick={() => setChosen(one)}
              className={`flex items-center gap-2 rounded-full border px-3 py-1.5 text-sm ${one === step ? 'border-accent bg-surface font-semibold' : 'border-line text-muted'}`}
            >
              <span aria-hidden="true">{done[one] ? '✓' : index + 1}</span>
              {t(`setup.${one}`)}
              {done[one] && <span className="sr-only">({t('setup.done')})</span>}
            </button>
          </li>
        ))}
      </ol>
      {isKnown && (
        <Card className="max-w-3xl">
          <h2 className="text-lg font-semibold">{t(`setup.${step}`)}</h2>
          <p className="mt-1 mb-5 text-sm text-muted">{t(`setup.${step}.text`)}</p>
          <StepBody step={step} isDone={done[step]} onDone={goOn} />
          <div className="mt-6 flex justify-end gap-2 border-t border-line pt-4">
            <Link
              href="/"
              className="inline-flex min-h-9 items-center rounded-lg px-3.5 text-sm font-medium text-muted hover:text-ink"
            >
              {t('setup.finish')}
            </Link>
            {next !== undefined && (
              <Button kind={done[step] ? 'primary' : 'plain'} onClick={goOn}>
                {done[step] ? t('setup.next') : t('setup.skip')}
              </Button>
            )}
          </div>
        </Card>
      )}
    </>
  );
}

function StepBody({
  step,
  isDone,
  onDone,
}: {
  readonly step: Step;
  readonly isDone: boolean;
  readonly onDone: () => void;
}) {
  const owner = useOwnerStatus();
  const agents = useAgents();
  const channels = useChannels();
  const { t } = useSpeech();
  switch (step) {
    case 'owner':
      return isDone ? (
        <FullAddress address={owner.data?.address ?? ''} />
      ) : (
        <Opener name="owner.connect">{(close) => <OwnerDialog doing="connect" onClose={close} />}</Opener>
      );
    case 'agent':
      return (
        <>
          {agents.data?.map(({ id, name, publicKey, network }) => (
            <div key={id} className="mb-3">
              <p className="font-medium">
                {name} <span className="text-sm font-normal text-muted">{network}</span>
              </p>
              <FullAddress address={publicKey} />
            </div>
          ))}
          <Opener name="agents.new">{(close) => <CreateAgentDialog onClose={close} />}</Opener>
        </>
      );
    case 'limits':
      return <LimitsStep onDone={onDone} />;
    case 'channels':
      return (
        <>
          {channels.data !== undefined && (
            <Notice kind={channels.data.reachable < Math.max(1, channels.data.minChannels) ? 'warn' : 'good'}>
              {t('notifications.reachable', { reachable: channels.data.reachable, min: channels.data.minChannels })}
            </Notice>
          )}
          <ul className="mb-3 space-y-1">
            {channels.data?.channels.map(({ id, name, type, health }) => (
              <li key={id} className="flex items-center gap-2 text-sm">
                {name} <span className="text-muted">{type}</span> <Badge>{health}</Badge>
              </li>
            ))}
          </ul>
          <Opener name="notifications.new">{(close) => <ChannelDialog channel={null} onClose={close} />}</Opener>
        </>
      );
    case 'session':
      return <Opener name="sessions.new">{(close) => <CreateSessionDialog onClose={close} />}</Opener>;
  }
}

/** A button that opens a dialog. */
function Opener({ name, children }: { readonly name: TextKey; readonly children: (close: () => void) => ReactNode }) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        {t(name)}
      </Button>
      {open && children(() => setOpen(false))}
    </>
  );
}

/** The limits that hold for all agents: those a new daemon begins with, to be changed before they matter. */
function LimitsStep({ onDone }: { readonly onDone: () => void }) {
  const policies = usePolicies();
  const present = policies.data?.find(({ type, agentId }) => type === 'SPENDING_LIMIT' && agentId === null) ?? null;
  const units = usePolicyUnits(present);
  if (policies.data === undefined || units === null) return <Skeleton rows={6} />;
  return <LimitsForm key={present?.id ?? 'new'} present={present} units={units} onDone={onDone} />;
}

function LimitsForm({
  present,
  units,
  onDone,
}: {
  readonly present: Policy | null;
  readonly units: ReadonlyMap<string, Unit>;
  readonly onDone: () => void;
}) {
  const { t } = useSpeech();
  const save = useSavePolicy();
  const [draft, setDraft] = useState<PolicyDraft>(() => (present === null ? EMPTY_DRAFT : draftOf(present, units)));
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const rules = rulesOf(draft);

  async function store(): Promise<void> {
    if (isFault(rules)) return;
    setBusy(true);
    setTrouble(null);
    try {
      await save(present, draft, rules);
      onDone();
    } catch (error) {
      setTrouble(troubleOf(error, t('common.failed')));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <PolicyFields draft={draft} onDraft={setDraft} isNew={false} />
      <FaultNotice draft={draft} rules={rules} />
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      <div className="mt-4">
        <Button kind="primary" busy={busy} disabled={isFault(rules)} onClick={store}>
          {t('common.save')}
        </Button>
      </div>
    </>
  );
}
