import { useQueryClient } from '@tanstack/react-query';
import type { SettingsResponse, SettingsUpdate } from '@waiaas/sdk';
import { useState } from 'react';
import { useSettings } from '../data/queries.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer } from '../ui/answer.tsx';
import { Button, Card, Facts, Notice, SelectField } from '../ui/basics.tsx';
import { SwitchField } from '../ui/switch.tsx';
import { useToast } from '../ui/toast.tsx';
import { troubleOf } from '../ui/trouble.ts';

const CHANNELS = [1, 2, 3, 4, 5] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What can be set while the daemon runs, and what it runs with. */
export function RuntimeSettings() {
  const { t } = useSpeech();
  const settings = useSettings();
  return (
    <Card title={t('settings.runtime')}>
      <p className="mb-4 text-sm text-muted">{t('settings.runtime.text')}</p>
      <Answer of={settings} rows={6}>
        {/* What somebody else has changed meanwhile begins the form anew. */}
        {(present) => <SettingsForm key={JSON.stringify(present)} present={present} />}
      </Answer>
    </Card>
  );
}

interface Draft {
  readonly enabled: boolean;
  readonly minChannels: number;
  readonly autoStop: boolean;
  readonly logLevel: SettingsResponse['server']['logLevel'];
}

const draftOf = ({ notifications, autoStop, server }: SettingsResponse): Draft => ({
  enabled: notifications.enabled,
  minChannels: notifications.minChannels,
  autoStop: autoStop.enabled,
  logLevel: server.logLevel,
});

/** What differs, and nothing else: what nobody has touched keeps following config.toml. Null where nothing does. */
function changeOf(before: Draft, after: Draft): SettingsUpdate | null {
  const notifications = {
    ...(after.enabled === before.enabled ? {} : { enabled: after.enabled }),
    ...(after.minChannels === before.minChannels ? {} : { minChannels: after.minChannels }),
  };
  const level = LEVELS.find((one) => one === after.logLevel && one !== before.logLevel);
  const change: SettingsUpdate = {
    ...(Object.keys(notifications).length === 0 ? {} : { notifications }),
    ...(after.autoStop === before.autoStop ? {} : { autoStop: { enabled: after.autoStop } }),
    ...(level === undefined ? {} : { server: { logLevel: level } }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

function SettingsForm({ present }: { readonly present: SettingsResponse }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const toast = useToast();
  const before = draftOf(present);
  const [draft, setDraft] = useState(before);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const change = changeOf(before, draft);

  async function store(): Promise<void> {
    if (change === null) return;
    setBusy(true);
    setTrouble(null);
    try {
      const { settings } = await operator.updateSettings(change);
      toast(t('settings.saved'));
      queries.setQueryData(['settings'], settings);
      await queries.invalidateQueries({ queryKey: ['notifications'] });
    } catch (error) {
      setTrouble(troubleOf(error, t));
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="space-y-4">
      <SwitchField
        label={t('settings.notifications')}
        checked={draft.enabled}
        onChecked={(enabled) => setDraft({ ...draft, enabled })}
      />
      <SelectField
        label={t('settings.minChannels')}
        hint={t('settings.minChannels.text')}
        value={String(draft.minChannels)}
        options={[
          ...(before.minChannels === 0 ? [['0', t('settings.minChannels.off')] as const] : []),
          ...CHANNELS.map((count) => [String(count), String(count)] as const),
        ]}
        onValue={(value) => setDraft({ ...draft, minChannels: Number(value) })}
      />
      <SwitchField
        label={t('settings.autoStop', { count: present.autoStop.rulesCount })}
        checked={draft.autoStop}
        onChecked={(autoStop) => setDraft({ ...draft, autoStop })}
      />
      <SelectField
        label={t('settings.logLevel')}
        value={draft.logLevel}
        options={[...(before.logLevel === 'trace' ? (['trace'] as const) : []), ...LEVELS].map((one) => [one, one])}
        onValue={(value) => setDraft({ ...draft, logLevel: LEVELS.find((one) => one === value) ?? before.logLevel })}
      />
      <Facts
        rows={[
          [t('settings.listens'), `${present.server.hostname}:${present.server.port}`],
          [t('settings.rateLimits'), t('settings.rateLimits.text', present.security.rateLimits)],
          ...(present.changed.length === 0 ? [] : [[t('settings.differs'), present.changed.join(', ')] as const]),
        ]}
      />
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      <Button kind="primary" busy={busy} disabled={change === null} onClick={store}>
        {t('common.save')}
      </Button>
    </div>
  );
}
