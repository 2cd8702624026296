import { type FormEvent, useState } from 'react';
import { useDaemonStatus } from '../data/queries.ts';
import { uptimeInWords } from '../format/uptime.ts';
import { LANGUAGES, type Language, useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { useOperator, useSession } from '../session/session.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Button, Card, Facts, Notice, SelectField, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { THEMES, useTheme } from '../ui/theme.ts';
import { useToast } from '../ui/toast.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { RuntimeSettings } from './runtime-settings.tsx';

/** How the page looks, what the daemon is, and what opens it. */
export function SettingsScreen() {
  const { t } = useSpeech();
  return (
    <>
      <Heading title={t('settings.title')} />
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <div className="grid min-w-0 gap-4">
          <RuntimeSettings />
          <Appearance />
          <RotateSecret />
        </div>
        <div className="grid min-w-0 gap-4">
          <DaemonFacts />
          <ChangePassword />
        </div>
      </div>
    </>
  );
}

function Appearance() {
  const { t, language, setLanguage } = useSpeech();
  const [theme, setTheme] = useTheme();
  return (
    <Card>
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label={t('settings.language')}
          value={language}
          options={Object.entries(LANGUAGES)}
          onValue={(value) => {
            const next = (['en', 'ko'] as const satisfies readonly Language[]).find((one) => one === value);
            if (next !== undefined) setLanguage(next);
          }}
        />
        <SelectField
          label={t('settings.theme')}
          value={theme}
          options={THEMES.map((one) => [one, t(`settings.theme.${one}`)])}
          onValue={(value) => setTheme(THEMES.find((one) => one === value) ?? 'system')}
        />
      </div>
    </Card>
  );
}

const MIB = 1_048_576;

function DaemonFacts() {
  const { t } = useSpeech();
  const status = useDaemonStatus();
  return (
    <Card title={t('settings.daemon')}>
      <Answer of={status} rows={6}>
        {({ daemon, database, memory, adapters, workers }) => (
          <>
            <Facts
              rows={[
                [t('settings.version'), `${daemon.version} (Node ${daemon.nodeVersion})`],
                [t('settings.uptime'), uptimeInWords(daemon.uptime, t)],
                [t('settings.memory'), `${(memory.rssBytes / MIB).toFixed(0)} MiB`],
                [
                  t('settings.database'),
                  <span key="database" className="break-all">
                    {(database.sizeBytes / MIB).toFixed(1)} MiB · {database.path}
                  </span>,
                ],
                [
                  t('settings.chains'),
                  <span key="chains" className="flex flex-wrap gap-2">
                    {adapters.map(({ chain, network, healthy }) => (
                      <Badge key={`${chain} ${network}`} tone={healthy ? 'good' : 'bad'}>
                        {`${chain} ${network}: ${t(healthy ? 'settings.healthy' : 'settings.unhealthy')}`}
                      </Badge>
                    ))}
                  </span>,
                ],
                [
                  t('settings.workers'),
                  <span key="workers" className="flex flex-wrap gap-2">
                    {Object.keys(workers).map((name) => (
                      <Badge key={name} tone="quiet">
                        {name}
                      </Badge>
                    ))}
                  </span>,
                ],
              ]}
            />
          </>
        )}
      </Answer>
    </Card>
  );
}

function ChangePassword() {
  const { t } = useSpeech();
  const operator = useOperator();
  const { signOut } = useSession();
  const [present, setPresent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const differ = again !== '' && next !== again;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await operator.changeMasterPassword(present, next);
      signOut('password');
    } catch (error) {
      setTrouble(troubleOf(error, t));
      setBusy(false);
    }
    setPresent('');
    setNext('');
    setAgain('');
  }

  const field = (label: string, value: string, onValue: (value: string) => void) => (
    <TextField
      label={label}
      type="password"
      autoComplete="off"
      value={value}
      onChange={(event) => onValue(event.target.value)}
    />
  );
  return (
    <Card title={t('settings.password')}>
      <form onSubmit={submit} className="space-y-4">
        {field(t('settings.password.present'), present, setPresent)}
        {field(t('settings.password.next'), next, setNext)}
        {field(t('settings.password.again'), again, setAgain)}
        {differ && <Notice kind="warn">{t('settings.password.differ')}</Notice>}
        {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
        <Button type="submit" busy={busy} disabled={present === '' || next.length < 12 || next !== again}>
          {t('settings.password.change')}
        </Button>
      </form>
    </Card>
  );
}

function RotateSecret() {
  const { t, when } = useSpeech();
  const operator = useOperator();
  const toast = useToast();
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState('');
  return (
    <Card title={t('settings.secret')}>
      <p className="mb-4 text-sm text-muted">{t('settings.secret.text')}</p>
      <Button onClick={() => setAsking(true)}>{t('settings.secret.rotate')}</Button>
      {asking && (
        <ConfirmDialog
          title={t('settings.secret')}
          text={t('settings.secret.text')}
          action={t('settings.secret.rotate')}
          danger
          disabled={password === ''}
          onClose={() => {
            setPassword('');
            setAsking(false);
          }}
          onConfirm={async () => {
            try {
              const { previousValidUntil } = await operator.rotateSecret(password);
              toast(t('settings.secret.rotated', { time: when(previousValidUntil) }));
              setAsking(false);
            } finally {
              setPassword('');
            }
          }}
        >
          <TextField
            label={t('signIn.password')}
            type="password"
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </ConfirmDialog>
      )}
    </Card>
  );
}
