import { WAIaaSError } from '@waiaas/sdk';
import { type FormEvent, useEffect, useState } from 'react';
import { countdown } from '../format/text.ts';
import type { TextKey } from '../i18n/en.ts';
import { useSpeech } from '../i18n/language.tsx';
import { daemonClock } from '../session/daemon-clock.ts';
import { type SignedOutReason, useSession } from '../session/session.tsx';
import { Button, Notice, TextField } from '../ui/basics.tsx';
import { useNow } from '../ui/clock.ts';
import { troubleOf } from '../ui/trouble.ts';

const REASONS: Readonly<Record<SignedOutReason, TextKey>> = {
  idle: 'signIn.idle',
  ended: 'signIn.ended',
  recovered: 'kill.recovered',
  password: 'settings.password.changed',
};

/** The way in. The password is in this field, in one request, and nowhere afterwards. */
export function SignInScreen({ reason }: { readonly reason: SignedOutReason | null }) {
  const { t } = useSpeech();
  const { signIn } = useSession();
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [lockedUntil, setLockedUntil] = useState<number | null>(null);

  const title = t('signIn.title');
  useEffect(() => {
    document.title = `${title} · WAIaaS`;
  }, [title]);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await signIn(password);
    } catch (error) {
      const end = lockEnd(error);
      setLockedUntil(end);
      const isWrong = error instanceof WAIaaSError && error.code === 'INVALID_MASTER_PASSWORD';
      // How long nobody gets in is counted down by itself, and goes once it is over.
      if (end === null) setTrouble(isWrong ? t('signIn.wrong') : troubleOf(error, t));
      setBusy(false);
    }
    setPassword('');
  }

  return (
    <main className="grid min-h-dvh place-items-center px-4">
      <form onSubmit={submit} className="w-full max-w-sm rounded-2xl border border-line bg-surface p-6 sm:p-8">
        <img src="/console/icon.svg" alt="" className="mb-4 size-10" />
        <h1 className="text-xl font-semibold">WAIaaS — {title}</h1>
        <p className="mt-1 mb-5 text-sm text-muted">{t('signIn.text')}</p>
        {reason !== null && trouble === null && <Notice kind="info">{t(REASONS[reason])}</Notice>}
        <TextField
          label={t('signIn.password')}
          type="password"
          name="master-password"
          autoComplete="off"
          autoFocus
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
        {lockedUntil !== null && <LockedOut until={lockedUntil} />}
        <Button type="submit" kind="primary" busy={busy} className="mt-5 w-full">
          {t('signIn.submit')}
        </Button>
      </form>
    </main>
  );
}

/** When a lockout of the master password ends, ms since 1970; null when it is none. */
export function lockEnd(error: unknown): number | null {
  if (!(error instanceof WAIaaSError) || error.code !== 'MASTER_PASSWORD_LOCKED') return null;
  const seconds = error.details?.retryAfter;
  return typeof seconds === 'number' ? daemonClock.now() + seconds * 1000 : null;
}

/** Says how long no password is taken. */
export function LockedOut({ until }: { readonly until: number }) {
  const { t } = useSpeech();
  const now = useNow();
  if (now >= until) return null;
  return <Notice kind="warn">{t('signIn.lockedOut', { time: countdown(until - now) })}</Notice>;
}
