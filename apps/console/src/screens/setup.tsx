import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { Link, useLocation } from 'wouter';
import { useAgents, useChannels, useOwnerStatus, usePolicies, useSessions } from '../data/queries.ts';
import { nativeUnit, type Unit } from '../format/amount.ts';
import { plain } from '../format/text.ts';
import type { TextKey } from '../i18n/en.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer, Skeleton } from '../ui/answer.tsx';
import { Button, Card, Facts, FullAddress, Notice } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { useUnsaved } from '../ui/unsaved.tsx';
import { CreateAgentDialog } from './agents.tsx';
import { ChannelDialog, Health } from './notifications.tsx';
import { OwnerDialog } from './owner.tsx';
import { FaultNotice, PolicyFields } from './policies.tsx';
import { OutrunNotice, usePolicyEditing, usePolicyUnits } from './policy-editing.tsx';
import { EMPTY_DRAFT, isFault, isUnchanged, type Policy, type PolicyDraft, rulesOf } from './policy-form.ts';
import { usePolicySaving } from './policy-saving.tsx';
import { CreateSessionDialog } from './sessions.tsx';
import { isComplete, nextStep, presentLimits, STEPS, type Step, stepsDone, workingChannels } from './setup-state.ts';

/**
 * Keeps the step that is shown, whatever the daemon says of it: what is open may show a secret, once, or hold what somebody has
 * typed, and is gone with it.
 */
const Holding = createContext<(step: Step | null) => void>(() => undefined);

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
  const policies = usePolicies();
  const limits = policies.data === undefined ? undefined : presentLimits(policies.data);
  const [limitsSeen, setLimitsSeen] = useState(false);
  const done = stepsDone({
    hasOwner: owner.data?.connected,
    agents: agents.data?.length,
    channels: channels.data,
    sessions: sessions.data?.pages[0]?.sessions.length,
    areLimitsSeen: limitsSeen || (limits?.version ?? 1) > 1,
  });
  const [chosen, setChosen] = useState<Step | null>(null);
  const [held, setHeld] = useState<Step | null>(null);
  const asked = [owner, agents, channels, sessions];
  // The first of what is not known is shown as what it is: on its way, or not to be had.
  const missing = asked.find(({ data }) => data === undefined) ?? owner;
  const step = held ?? chosen ?? nextStep(done);
  const next = STEPS[STEPS.indexOf(step) + 1];
  // The dialogs of the other steps lie above everything that leads away.
  const isTyped = held === 'limits';
  const unsaved = useUnsaved(isTyped, t('setup.limits.unsaved'));
  // What is typed in the step goes into the bar below it.
  const [bar, setBar] = useState<HTMLElement | null>(null);
  const show = (one: Step): void => {
    setHeld(null);
    setChosen(one);
  };
  const goOn = (): void => {
    if (step === 'limits') setLimitsSeen(true);
    if (next === undefined) navigate('/');
    else show(next);
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
              onClick={() => one !== step && unsaved.leave(() => show(one))}
              className={`flex items-center gap-2 rounded-full border px-3 py-1.5 text-sm ${one === step ? 'border-accent bg-surface font-semibold' : 'border-line text-muted'}`}
            >
              <span aria-hidden="true">{done[one] ? '✓' : index + 1}</span>
              {t(`setup.${one}`)}
              {done[one] && <span className="sr-only">({t('setup.done')})</span>}
            </button>
          </li>
        ))}
      </ol>
      <Answer<unknown> of={missing} rows={6}>
        {() => (
          <Card className="max-w-3xl">
            <h2 className="text-lg font-semibold">{t(`setup.${step}`)}</h2>
            <p className="mt-1 mb-5 text-sm text-muted">{t(`setup.${step}.text`)}</p>
            <Holding value={setHeld}>
              <StepBody step={step} isDone={done[step]} onDone={goOn} bar={bar} />
            </Holding>
            <div className="mt-6 flex justify-end gap-2 border-t border-line pt-4">
              <Link
                href="/"
                className="inline-flex min-h-9 items-center rounded-lg px-3.5 text-sm font-medium text-muted hover:text-ink"
              >
                {t('setup.finish')}
              </Link>
              <span ref={setBar} className="contents" />
              {next !== undefined && (done[step] || step === 'limits') && !isTyped && (
                <Button kind={done[step] ? 'primary' : 'plain'} onClick={goOn}>
                  {done[step] ? t('setup.next') : t(limits === null ? 'setup.without' : 'setup.keep')}
                </Button>
              )}
              {next === undefined && (
                <Button kind="primary" disabled={!isComplete(done)} onClick={goOn}>
                  {t('setup.complete')}
                </Button>
              )}
            </div>
            {next === undefined && !isComplete(done) && (
              <p className="mt-3 text-right text-sm text-muted">
                {t('setup.missing', {
                  steps: STEPS.filter((one) => !done[one])
                    .map((one) => t(`setup.${one}`))
                    .join(', '),
                })}
              </p>
            )}
          </Card>
        )}
      </Answer>
      {unsaved.question}
    </>
  );
}

function StepBody({
  step,
  isDone,
  onDone,
  bar,
}: {
  readonly step: Step;
  readonly isDone: boolean;
  readonly onDone: () => void;
  readonly bar: HTMLElement | null;
}) {
  const owner = useOwnerStatus();
  const agents = useAgents();
  switch (step) {
    case 'owner':
      return isDone ? (
        <FullAddress address={owner.data?.address ?? ''} />
      ) : (
        <Opener step="owner" name="owner.connect">
          {(close) => <OwnerDialog doing="connect" onClose={close} />}
        </Opener>
      );
    case 'agent':
      return (
        <>
          {agents.data?.map(({ id, name, publicKey, network }) => (
            <div key={id} className="mb-3">
              <p className="font-medium">
                <bdi>{plain(name)}</bdi> <span className="text-sm font-normal text-muted">{network}</span>
              </p>
              <FullAddress address={publicKey} />
            </div>
          ))}
          <Opener step="agent" name="agents.new">
            {(close) => <CreateAgentDialog onClose={close} />}
          </Opener>
        </>
      );
    case 'limits':
      return <LimitsStep onDone={onDone} bar={bar} />;
    case 'channels':
      return <ChannelsStep />;
    case 'session':
      return (
        <Opener step="session" name="sessions.new">
          {(close) => <CreateSessionDialog onClose={close} />}
        </Opener>
      );
  }
}

/** Channels, each tried before it counts; and the way to do with fewer, which the daemon keeps in its record. */
function ChannelsStep() {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const channels = useChannels();
  const [testing, setTesting] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [accepting, setAccepting] = useState(false);
  const { enabled = true, minChannels = 0, channels: all = [] } = channels.data ?? {};
  const working = channels.data === undefined ? 0 : workingChannels(channels.data);

  async function test(id: string): Promise<void> {
    setTesting(id);
    setTrouble(null);
    try {
      // What was added here is to be used.
      if (!enabled) await operator.updateSettings({ notifications: { enabled: true } });
      const { success, error } = await operator.testNotificationChannel(id);
      if (!success) setTrouble(error ?? t('common.failed'));
    } catch (error) {
      setTrouble(troubleOf(error, t));
    } finally {
      setTesting(null);
      await queries.invalidateQueries({ queryKey: ['notifications'] });
      await queries.invalidateQueries({ queryKey: ['settings'] });
    }
  }

  return (
    <>
      <Notice kind={working < minChannels ? 'warn' : 'good'}>
        {t('setup.channels.working', { working, min: minChannels })}
      </Notice>
      <ul className="mb-4 space-y-2">
        {all.map(({ id, name, type, health }) => (
          <li key={id} className="flex flex-wrap items-center gap-2 text-sm">
            <bdi className="min-w-0 break-words">{plain(name)}</bdi> <span className="text-muted">{type}</span>{' '}
            <Health of={{ health }} />
            <Button
              className="ml-auto"
              busy={testing === id}
              disabled={testing !== null && testing !== id}
              onClick={() => test(id)}
            >
              {t('common.test')}
            </Button>
          </li>
        ))}
      </ul>
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      <div className="flex flex-wrap gap-2">
        <Opener step="channels" name="notifications.new">
          {(close) => <ChannelDialog channel={null} onClose={close} onStored={test} />}
        </Opener>
        {working > 0 && working < minChannels && (
          <Button onClick={() => setAccepting(true)}>{t('setup.channels.fewer', { count: working })}</Button>
        )}
      </div>
      {accepting && (
        <ConfirmDialog
          title={t('setup.channels.fewer', { count: working })}
          text={t('setup.channels.fewer.text', { count: working, min: minChannels })}
          action={t('setup.channels.accept')}
          danger
          onClose={() => setAccepting(false)}
          onConfirm={async () => {
            await operator.updateSettings({ notifications: { minChannels: working } });
            await queries.invalidateQueries({ queryKey: ['notifications'] });
            await queries.invalidateQueries({ queryKey: ['settings'] });
            setAccepting(false);
          }}
        />
      )}
    </>
  );
}

/** A button that opens a dialog, which keeps its step of the set-up for as long as it is open. */
function Opener({
  step,
  name,
  children,
}: {
  readonly step: Step;
  readonly name: TextKey;
  readonly children: (close: () => void) => ReactNode;
}) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  const hold = useContext(Holding);
  useEffect(() => {
    if (!open) return undefined;
    hold(step);
    return () => hold(null);
  }, [open, step, hold]);
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        {t(name)}
      </Button>
      {open && children(() => setOpen(false))}
    </>
  );
}

/** The limits that a form was begun with. */
interface Begun {
  readonly present: Policy | null;
  readonly units: ReadonlyMap<string, Unit>;
}

interface LimitsProps {
  readonly onDone: () => void;
  /** Where what saves them is pressed. */
  readonly bar: HTMLElement | null;
}

/** The limits that hold for all agents: those a new daemon begins with, to be changed before they matter. */
function LimitsStep({ onDone, bar }: LimitsProps) {
  const policies = usePolicies();
  const present = policies.data === undefined ? null : presentLimits(policies.data);
  const units = usePolicyUnits(present);
  const [begun, setBegun] = useState<Begun | null>(null);
  const [isTyped, setTyped] = useState(false);
  // What somebody types stays what it is, whichever limits come into force meanwhile.
  const isAnother = begun === null || (!isTyped && begun.present?.id !== present?.id);
  if (policies.data !== undefined && units !== null && isAnother) setBegun({ present, units });
  return (
    <Answer of={policies} rows={6}>
      {() =>
        begun === null ? (
          <Skeleton rows={6} />
        ) : (
          <LimitsForm key={begun.present?.id ?? 'new'} begun={begun} onTyped={setTyped} onDone={onDone} bar={bar} />
        )
      }
    </Answer>
  );
}

function LimitsForm({
  begun: { present, units },
  onTyped,
  onDone,
  bar,
}: LimitsProps & { readonly begun: Begun; readonly onTyped: (isTyped: boolean) => void }) {
  const { t } = useSpeech();
  const hold = useContext(Holding);
  const editing = usePolicyEditing(present, units);
  const { draft, setDraft, stored, newer, isDeleted } = editing;
  const rules = rulesOf(draft);
  const { store, busy, trouble, succession, question } = usePolicySaving({ ...editing, onSaved: onDone });
  const isOutrun = (newer !== null || isDeleted) && !busy;
  const isTyped = !isUnchanged(draft, stored ?? EMPTY_DRAFT);
  useEffect(() => {
    onTyped(isTyped);
    if (!isTyped) return undefined;
    hold('limits');
    return () => hold(null);
  }, [isTyped, onTyped, hold]);
  return (
    <>
      <PolicyFields draft={draft} onDraft={setDraft} isNew={false} />
      <NoCapNotice draft={draft} />
      <FaultNotice draft={draft} rules={rules} />
      {succession.words !== null && <Facts rows={[[t('policies.after'), succession.words]]} />}
      {!busy && <OutrunNotice editing={editing} />}
      {trouble !== null && !isOutrun && <Notice kind="bad">{trouble}</Notice>}
      {bar !== null &&
        (isTyped || present === null) &&
        createPortal(
          <Button
            kind="primary"
            busy={busy}
            disabled={isFault(rules) || isOutrun || !succession.isKnown}
            onClick={store}
          >
            {t('setup.save')}
          </Button>,
          bar,
        )}
      {question}
    </>
  );
}

/** Says what it means that a cap is left empty: many small payments are as good as a large one. */
function NoCapNotice({ draft }: { readonly draft: PolicyDraft }) {
  const { t } = useSpeech();
  const [daily, weekly] = [draft.daily, draft.weekly].map((cap) => cap.trim() === '');
  if (!daily && !weekly) return null;
  const words = daily && weekly ? 'setup.noCap' : daily ? 'setup.noCap.daily' : 'setup.noCap.weekly';
  const { symbol } = nativeUnit(draft.chain);
  return <Notice kind={daily && weekly ? 'warn' : 'info'}>{t(words, { symbol })}</Notice>;
}
