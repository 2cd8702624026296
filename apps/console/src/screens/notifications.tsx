import * as Tabs from '@radix-ui/react-tabs';
import { useQueryClient } from '@tanstack/react-query';
import type { NotificationChannel, NotificationChannelCreate } from '@waiaas/sdk';
import { useState } from 'react';
import { useChannels, useNotificationLog } from '../data/queries.ts';
import { plain } from '../format/text.ts';
import { isTextKey } from '../i18n/en.ts';
import { type Say, useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer, MoreButton } from '../ui/answer.tsx';
import { Badge, Button, Card, EmptyState, Notice, SelectField, TextField, type Tone } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { OnceDialog } from '../ui/once-dialog.tsx';
import { SwitchField } from '../ui/switch.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { useToast } from '../ui/toast.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { TelegramPairing } from './telegram.tsx';

const TAB =
  'rounded-lg px-3 py-1.5 text-sm font-medium text-muted data-[state=active]:bg-raised data-[state=active]:text-ink';

/** How the daemon reaches the owner, and what it has said. */
export function NotificationsScreen() {
  const { t } = useSpeech();
  const channels = useChannels();
  const [editing, setEditing] = useState<{ readonly channel: NotificationChannel | null } | null>(null);
  return (
    <>
      <Heading title={t('notifications.title')}>
        <Button kind="primary" onClick={() => setEditing({ channel: null })}>
          {t('notifications.new')}
        </Button>
      </Heading>
      <Tabs.Root defaultValue="channels">
        <Tabs.List aria-label={t('notifications.title')} className="mb-4 flex gap-1">
          <Tabs.Trigger value="channels" className={TAB}>
            {t('setup.channels')}
          </Tabs.Trigger>
          <Tabs.Trigger value="log" className={TAB}>
            {t('notifications.log')}
          </Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="channels" tabIndex={-1}>
          <Answer of={channels}>
            {({ channels: all, enabled, reachable, minChannels }) => (
              <>
                {!enabled && <Notice kind="warn">{t('notifications.off')}</Notice>}
                <Notice kind={reachable < Math.max(1, minChannels) ? 'warn' : 'good'}>
                  {t('notifications.reachable', { reachable, min: minChannels })}
                </Notice>
                {all.length === 0 ? (
                  <Card>
                    <EmptyState title={t('notifications.none')} />
                  </Card>
                ) : (
                  <ul className="grid gap-4 xl:grid-cols-2">
                    {all.map((channel) => (
                      <li key={channel.id} className="min-w-0">
                        <ChannelCard channel={channel} onEdit={() => setEditing({ channel })} />
                      </li>
                    ))}
                  </ul>
                )}
                <TelegramPairing channels={all} />
              </>
            )}
          </Answer>
        </Tabs.Content>
        <Tabs.Content value="log" tabIndex={-1}>
          <Card>
            <NotificationLog />
          </Card>
        </Tabs.Content>
      </Tabs.Root>
      {editing !== null && <ChannelDialog channel={editing.channel} onClose={() => setEditing(null)} />}
    </>
  );
}

function ChannelCard({ channel, onEdit }: { readonly channel: NotificationChannel; readonly onEdit: () => void }) {
  const { t, when } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [deleting, setDeleting] = useState(false);

  async function test(): Promise<void> {
    setBusy(true);
    setTrouble(null);
    try {
      const { success, latencyMs, error } = await operator.testNotificationChannel(channel.id);
      if (success) toast(t('notifications.tested', { ms: latencyMs }));
      else setTrouble(error ?? t('common.failed'));
    } catch (error) {
      setTrouble(troubleOf(error, t));
    } finally {
      setBusy(false);
      queries.invalidateQueries({ queryKey: ['notifications'] });
    }
  }

  return (
    <Card className="flex h-full flex-col">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <div className="min-w-0">
          <p className="font-semibold break-words">{plain(channel.name)}</p>
          <p className="text-sm text-muted">
            {channel.type} · {channel.locale} · {t('common.priority')} {channel.priority}
          </p>
        </div>
        <span className="flex gap-2">
          {channel.paired && <Badge tone="info">{t('telegram.badge')}</Badge>}
          {!channel.enabled && <Badge tone="quiet">{t('common.disabled')}</Badge>}
          <Health of={channel} />
        </span>
      </div>
      <dl className="mt-3 space-y-1 text-xs text-muted">
        {Object.entries(channel.config).map(([name, value]) => (
          <div key={name} className="flex gap-2">
            <dt>{nameOf(name, t)}</dt>
            <dd className="break-all">
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
      {channel.lastCheckAt !== null && (
        <p className="mt-2 text-xs text-muted">{t('notifications.checked', { time: when(channel.lastCheckAt) })}</p>
      )}
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      <div className="mt-auto flex flex-wrap justify-end gap-2 pt-4">
        <Button kind="quiet" onClick={() => setDeleting(true)}>
          {t('common.delete')}
        </Button>
        <Button onClick={onEdit}>{t('common.edit')}</Button>
        <Button busy={busy} onClick={test}>
          {t('common.test')}
        </Button>
      </div>
      {deleting && (
        <ConfirmDialog
          title={`${t('common.delete')}: ${plain(channel.name)}`}
          action={t('common.delete')}
          danger
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await operator.deleteNotificationChannel(channel.id);
            await queries.invalidateQueries({ queryKey: ['notifications'] });
            setDeleting(false);
          }}
        />
      )}
    </Card>
  );
}

/** Whether a channel reaches somebody, in words. */
export const Health = ({ of: { health } }: { readonly of: Pick<NotificationChannel, 'health'> }) => {
  const { t } = useSpeech();
  return <Badge tone={HEALTH_TONES[health]}>{t(`channel.${health}`)}</Badge>;
};

const HEALTH_TONES: Readonly<Record<NotificationChannel['health'], Tone>> = {
  unknown: 'quiet',
  healthy: 'good',
  failing: 'warn',
  unreachable: 'bad',
  not_authentic: 'bad',
};

type ChannelType = NotificationChannel['type'];

/** What a field is called; by the name of the API where this page does not know it. */
function nameOf(field: string, t: Say): string {
  const key = `field.${field}`;
  return isTextKey(key) ? t(key) : field;
}

/** Fields of each type, by the names of the API; whether they may be left out, and whether they are secret. */
const FIELDS: Readonly<
  Record<ChannelType, readonly { readonly name: string; readonly optional?: true; readonly secret?: true }[]>
> = {
  TELEGRAM: [{ name: 'botToken', secret: true }, { name: 'chatId' }, { name: 'apiUrl', optional: true }],
  DISCORD: [{ name: 'webhookUrl', secret: true }],
  NTFY: [{ name: 'serverUrl', optional: true }, { name: 'topic' }, { name: 'authToken', optional: true, secret: true }],
  SLACK: [{ name: 'webhookUrl', secret: true }],
  WEBHOOK: [{ name: 'url' }, { name: 'secret', optional: true, secret: true }],
};
const TYPES = ['NTFY', 'TELEGRAM', 'DISCORD', 'SLACK', 'WEBHOOK'] as const satisfies readonly ChannelType[];

/** Asks for what a channel is. */
export function ChannelDialog({
  channel,
  onClose,
  onStored,
}: {
  readonly channel: NotificationChannel | null;
  readonly onClose: () => void;
  /** Told the id of what was stored. */
  readonly onStored?: (id: string) => void;
}) {
  const { t, language } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const [type, setType] = useState<ChannelType>(channel?.type ?? 'NTFY');
  const [name, setName] = useState(channel?.name ?? '');
  const [enabled, setEnabled] = useState(channel?.enabled ?? true);
  const [locale, setLocale] = useState<NotificationChannel['locale']>(channel?.locale ?? language);
  const [config, setConfig] = useState<Readonly<Record<string, string>>>(channel?.config ?? {});
  const [rotates, setRotates] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [isOnItsWay, setOnItsWay] = useState(false);

  async function store(): Promise<void> {
    const given = Object.fromEntries(
      FIELDS[type].map((field) => [field.name, (config[field.name] ?? '').trim()]).filter(([, value]) => value !== ''),
    );
    const common = { name: name.trim(), enabled, locale };
    // What is sent is checked by the daemon against the schema of its type, which says what is wrong with it.
    const created: NotificationChannelCreate = JSON.parse(JSON.stringify({ type, config: given, ...common }));
    const change = { config: given, ...common, ...(rotates ? { rotateSecret: true } : {}) };
    setOnItsWay(true);
    try {
      const answer =
        channel === null
          ? await operator.createNotificationChannel(created)
          : await operator.updateNotificationChannel(channel.id, change);
      // Before anything else: it is told in this one answer and never again.
      if (answer.secret !== undefined) setSecret(answer.secret);
      onStored?.(answer.channel.id);
      await queries.invalidateQueries({ queryKey: ['notifications'] });
      if (answer.secret === undefined) onClose();
    } finally {
      setOnItsWay(false);
    }
  }

  if (secret !== null) {
    return (
      <OnceDialog
        title={t('notifications.secret')}
        text={t('notifications.secret.text')}
        secret={secret}
        testId="webhook-secret"
        onClose={onClose}
      />
    );
  }
  const isComplete = FIELDS[type].every(({ name: field, optional }) => optional || (config[field] ?? '').trim() !== '');
  return (
    <ConfirmDialog
      title={channel === null ? t('notifications.new') : plain(channel.name)}
      action={t('common.save')}
      disabled={name.trim() === '' || !isComplete}
      // Closed now, the channel would be there, and its secret nowhere.
      onClose={() => {
        if (!isOnItsWay) onClose();
      }}
      onConfirm={store}
    >
      <SelectField
        label={t('notifications.type')}
        value={type}
        disabled={channel !== null}
        options={TYPES.map((one) => [one, one])}
        onValue={(value) => {
          setType(TYPES.find((one) => one === value) ?? 'NTFY');
          setConfig({});
        }}
      />
      <TextField
        label={t('common.name')}
        maxLength={64}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {FIELDS[type].map((field) => (
        <TextField
          key={field.name}
          label={nameOf(field.name, t)}
          type={field.secret === true ? 'password' : 'text'}
          autoComplete="off"
          spellCheck={false}
          {...(field.optional === true ? { hint: t('common.optional') } : {})}
          value={config[field.name] ?? ''}
          onChange={(event) => setConfig({ ...config, [field.name]: event.target.value })}
        />
      ))}
      {channel?.type === 'WEBHOOK' && (
        <SwitchField label={t('notifications.rotate')} checked={rotates} onChecked={setRotates} />
      )}
      <div className="grid items-end gap-4 sm:grid-cols-2">
        <SelectField
          label={t('settings.language')}
          value={locale}
          options={[
            ['en', 'English'],
            ['ko', '한국어'],
          ]}
          onValue={(value) => setLocale(value === 'ko' ? 'ko' : 'en')}
        />
        <SwitchField label={t('common.enabled')} checked={enabled} onChecked={setEnabled} />
      </div>
    </ConfirmDialog>
  );
}

function NotificationLog() {
  const { t, when } = useSpeech();
  const pages = useNotificationLog();
  return (
    <>
      <Answer of={pages}>
        {({ pages: parts }) => {
          const entries = parts.flatMap((part) => part.entries);
          if (entries.length === 0) return <EmptyState title={t('notifications.log.none')} />;
          return (
            <Table
              cards
              label={t('notifications.log')}
              head={[t('common.time'), t('audit.event'), t('common.status'), t('transactions.error')]}
            >
              {entries.map((entry) => (
                <tr key={entry.id}>
                  <Cell of={t('common.time')} className="whitespace-nowrap">
                    {when(entry.sentAt)}
                  </Cell>
                  <Cell of={t('audit.event')}>{entry.event}</Cell>
                  <Cell of={t('common.status')}>
                    <Badge>{entry.status}</Badge>
                  </Cell>
                  <Cell
                    {...(entry.error === null || entry.error === undefined ? {} : { of: t('transactions.error') })}
                    className="break-words"
                  >
                    {entry.error ?? ''}
                  </Cell>
                </tr>
              ))}
            </Table>
          );
        }}
      </Answer>
      <MoreButton of={pages} />
    </>
  );
}
