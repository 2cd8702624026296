import { useQuery } from '@tanstack/react-query';
import { WAIaaSError } from '@waiaas/sdk';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { fetchHealth, fetchLock } from '../data/health.ts';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useSession } from '../session/session.tsx';
import { Badge, Button, Card, Facts, Notice, TextField } from '../ui/basics.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { useSigning } from '../wallets/signing.tsx';
import { recoveryInWords, stoppedInWords } from './kill-switch-words.ts';
import { LockedOut, lockEnd } from './sign-in.tsx';

const LOOK_MS = 5_000;

/** What there is while the kill switch is engaged: the state, and recovery. Nothing else answers. */
export function LockedScreen() {
  const { t, when } = useSpeech();
  const { presence, signOut } = useSession();
  const { ownerClient } = useSigning();
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [lockedUntil, setLockedUntil] = useState<number | null>(null);
  // The one thing that is asked for again and again: no stream is open to anybody now.
  const { data, error } = useQuery({
    queryKey: ['health'],
    queryFn: fetchHealth,
    refetchInterval: LOOK_MS,
    // What was so the last time this was shown says nothing of now.
    gcTime: 0,
  });
  const status = data?.killSwitch ?? 'ACTIVATED';
  // Asked for once: it does not change while it is engaged.
  const lock = useQuery({ queryKey: ['lock'], queryFn: fetchLock, gcTime: 0, staleTime: Number.POSITIVE_INFINITY });
  const stopped = presence.state === 'locked' ? presence.stopped : undefined;
  const isRecovering = busy || status === 'RECOVERING';
  useEffect(() => {
    if (status === 'NORMAL') signOut('recovered');
  }, [status, signOut]);

  // Whatever somebody was at is gone: they begin here, and are told so.
  const heading = useRef<HTMLHeadingElement>(null);
  const title = t('kill.locked');
  useEffect(() => {
    document.title = `${title} · WAIaaS`;
  }, [title]);
  useEffect(() => heading.current?.focus(), []);

  async function recover(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isRecovering) return;
    setBusy(true);
    setTrouble(null);
    try {
      const owner = await ownerClient(null, { about: recoveryInWords(lock.data ?? null, t, when) });
      await owner.recover(password);
      signOut('recovered');
    } catch (error) {
      const end = lockEnd(error);
      setLockedUntil(end);
      if (error instanceof WAIaaSError && error.code === 'KILL_SWITCH_NOT_ACTIVE') signOut('recovered');
      else if (end === null) setTrouble(troubleOf(error, t));
      setBusy(false);
    }
    setPassword('');
  }

  return (
    <main className="mx-auto max-w-xl px-4 py-10">
      <div className="mb-5 flex flex-wrap items-center justify-between gap-3">
        <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold text-bad outline-none">
          {title}
        </h1>
        <Badge>{status}</Badge>
      </div>
      {error !== null && <Notice kind="bad">{t('state.offline')}</Notice>}
      <Card>
        <p>{t('kill.lockedText')}</p>
        <div className="mt-4 mb-4">
          <Facts
            rows={[
              [t('kill.since'), lock.data?.activatedAt == null ? '…' : when(lock.data.activatedAt)],
              [t('kill.reason'), lock.data?.reason == null ? '…' : plain(lock.data.reason)],
              [t('kill.stopped'), stoppedInWords(stopped, t)],
              [
                t('kill.keys'),
                error !== null ? '…' : t(status === 'RECOVERING' ? 'kill.keys.recovering' : 'kill.keys.locked'),
              ],
            ]}
          />
        </div>
        <p className="mt-2 text-sm text-muted">{t('kill.recovery')}</p>
        <p className="mt-2 text-sm text-muted">{t('kill.recoveryCli')}</p>
        <form onSubmit={recover} className="mt-5">
          <TextField
            label={t('signIn.password')}
            type="password"
            autoComplete="off"
            required
            value={password}
            disabled={isRecovering}
            onChange={(event) => setPassword(event.target.value)}
          />
          {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
          {lockedUntil !== null && <LockedOut until={lockedUntil} />}
          <Button type="submit" kind="primary" busy={isRecovering} className="mt-4">
            {isRecovering ? t('kill.recovering') : t('kill.recover')}
          </Button>
        </form>
      </Card>
    </main>
  );
}
