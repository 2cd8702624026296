import { useQueryClient } from '@tanstack/react-query';
import type { AutoStopRule, AutoStopRuleCreate } from '@waiaas/sdk';
import { useState } from 'react';
import { useAgents, useAutoStopRules, useSettings } from '../data/queries.ts';
import { plain } from '../format/text.ts';
import { isTextKey } from '../i18n/en.ts';
import { type Say, useSpeech } from '../i18n/language.tsx';
import { nameInWords } from '../i18n/names.ts';
import { Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Button, Card, EmptyState, Facts, Named, Notice, SelectField, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { SwitchField } from '../ui/switch.tsx';

type RuleType = AutoStopRule['type'];

/** What each type is set to, by the names of the API, with the figures a form begins with. */
const FIELDS: Readonly<Record<RuleType, readonly (readonly [name: string, first: string])[]>> = {
  CONSECUTIVE_FAILURES: [['threshold', '5']],
  TIME_RESTRICTION: [
    ['start', '8'],
    ['end', '20'],
  ],
  DAILY_LIMIT_THRESHOLD: [
    ['warnPercent', '80'],
    ['stopPercent', '100'],
  ],
  HOURLY_RATE: [['maxTxPerHour', '60']],
  ANOMALY_PATTERN: [
    ['sameAddressWarn', '5'],
    ['sameAddressStop', '10'],
  ],
};
const TYPES = [
  'CONSECUTIVE_FAILURES',
  'TIME_RESTRICTION',
  'DAILY_LIMIT_THRESHOLD',
  'HOURLY_RATE',
  'ANOMALY_PATTERN',
] as const satisfies readonly RuleType[];
const ACTIONS = ['WARN', 'SUSPEND_AGENT', 'KILL_SWITCH'] as const satisfies readonly AutoStopRule['action'][];

/** The figures of a rule, wherever they stand in it. */
function figuresOf(config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const { allowedHours, ...rest } = config;
  const hours = typeof allowedHours === 'object' && allowedHours !== null ? { ...allowedHours } : {};
  return Object.fromEntries(Object.entries({ ...rest, ...hours }).map(([name, value]) => [name, String(value)]));
}

/** What a figure is called; by the name of the API where this page does not know it. */
function nameOf(name: string, t: Say): string {
  const key = `figure.${name}`;
  return isTextKey(key) ? t(key) : name;
}

/** What stops an agent, or everything, by itself. */
export function AutoStopScreen() {
  const { t } = useSpeech();
  const rules = useAutoStopRules();
  const settings = useSettings();
  const [editing, setEditing] = useState<{ readonly rule: AutoStopRule | null } | null>(null);
  const [deleting, setDeleting] = useState<AutoStopRule | null>(null);
  return (
    <>
      <Heading title={t('autoStop.title')}>
        <Button kind="primary" onClick={() => setEditing({ rule: null })}>
          {t('autoStop.new')}
        </Button>
      </Heading>
      {/* What stands above the rules is known before they are shown. */}
      <Answer of={settings.isPending ? { ...settings, data: undefined } : rules}>
        {({ rules: all, authentic }) => (
          <>
            {!authentic && <Notice kind="bad">{t('autoStop.altered')}</Notice>}
            {settings.data?.autoStop.enabled === false && <Notice kind="warn">{t('autoStop.off')}</Notice>}
            {all.length === 0 ? (
              <Card>
                <EmptyState title={t('autoStop.none')} />
              </Card>
            ) : (
              <ul className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">
                {all.map((rule) => (
                  <li key={rule.id} className="min-w-0">
                    <RuleCard rule={rule} onEdit={() => setEditing({ rule })} onDelete={() => setDeleting(rule)} />
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </Answer>
      {editing !== null && <RuleDialog rule={editing.rule} onClose={() => setEditing(null)} />}
      {deleting !== null && <DeleteRule rule={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function RuleCard({
  rule,
  onEdit,
  onDelete,
}: {
  readonly rule: AutoStopRule;
  readonly onEdit: () => void;
  readonly onDelete: () => void;
}) {
  const { t } = useSpeech();
  const agents = useAgents();
  const agent = agents.data?.find(({ id }) => id === rule.agentId);
  return (
    <Card className="flex h-full flex-col">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold break-words">
          <Named code={rule.type} />
        </h2>
        <Badge tone={rule.enabled ? 'good' : 'quiet'}>
          {rule.enabled ? t('common.enabled') : t('common.disabled')}
        </Badge>
      </div>
      <Facts
        rows={[
          [t('policies.scope'), rule.agentId === null ? t('common.allAgents') : plain(agent?.name ?? rule.agentId)],
          [t('autoStop.action'), <Named key="action" code={rule.action} />],
          ...Object.entries(figuresOf(rule.config)).map(([name, value]) => [nameOf(name, t), value] as const),
        ]}
      />
      {rule.warning !== undefined && <Notice kind="warn">{rule.warning}</Notice>}
      <div className="mt-auto flex justify-end gap-2 pt-4">
        <Button kind="quiet" onClick={onDelete}>
          {t('common.delete')}
        </Button>
        <Button onClick={onEdit}>{t('common.edit')}</Button>
      </div>
    </Card>
  );
}

function RuleDialog({ rule, onClose }: { readonly rule: AutoStopRule | null; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const agents = useAgents();
  const [type, setType] = useState<RuleType>(rule?.type ?? 'CONSECUTIVE_FAILURES');
  const [agentId, setAgentId] = useState(rule?.agentId ?? '');
  const [action, setAction] = useState<AutoStopRule['action']>(rule?.action ?? 'SUSPEND_AGENT');
  const [enabled, setEnabled] = useState(rule?.enabled ?? true);
  const [figures, setFigures] = useState<Readonly<Record<string, string>>>(rule === null ? {} : figuresOf(rule.config));
  const fields = FIELDS[type].map(([name, first]) => [name, figures[name] ?? first] as const);
  const isWhole = fields.every(([, value]) => /^\d{1,7}$/.test(value.trim()));

  async function store(): Promise<void> {
    const numbers = Object.fromEntries(fields.map(([name, value]) => [name, Number(value.trim())]));
    const config = type === 'TIME_RESTRICTION' ? { allowedHours: numbers } : numbers;
    if (rule === null) {
      // What is sent is checked by the daemon against the schema of its type, which says what is wrong with it.
      const wanted: AutoStopRuleCreate = JSON.parse(
        JSON.stringify({ type, config, action, enabled, agentId: agentId === '' ? null : agentId }),
      );
      await operator.createAutoStopRule(wanted);
    } else await operator.updateAutoStopRule(rule.id, { config, action, enabled });
    await queries.invalidateQueries({ queryKey: ['autoStop'] });
    onClose();
  }

  return (
    <ConfirmDialog
      title={rule === null ? t('autoStop.new') : nameInWords(rule.type, t)}
      action={t('common.save')}
      disabled={!isWhole}
      onClose={onClose}
      onConfirm={store}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label={t('notifications.type')}
          value={type}
          disabled={rule !== null}
          options={TYPES.map((one) => [one, nameInWords(one, t)])}
          onValue={(value) => setType(TYPES.find((one) => one === value) ?? type)}
        />
        <SelectField
          label={t('policies.scope')}
          value={agentId}
          disabled={rule !== null}
          options={[
            ['', t('common.allAgents')],
            ...(agents.data ?? []).map(({ id, name }) => [id, plain(name)] as const),
          ]}
          onValue={setAgentId}
        />
        {fields.map(([name, value]) => (
          <TextField
            key={name}
            label={nameOf(name, t)}
            inputMode="numeric"
            value={value}
            onChange={(event) => setFigures({ ...figures, [name]: event.target.value })}
          />
        ))}
        <SelectField
          label={t('autoStop.action')}
          value={action}
          options={ACTIONS.map((one) => [one, nameInWords(one, t)])}
          onValue={(value) => setAction(ACTIONS.find((one) => one === value) ?? action)}
        />
      </div>
      <SwitchField label={t('common.enabled')} checked={enabled} onChecked={setEnabled} />
    </ConfirmDialog>
  );
}

function DeleteRule({ rule, onClose }: { readonly rule: AutoStopRule; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  return (
    <ConfirmDialog
      title={`${t('common.delete')}: ${nameInWords(rule.type, t)}`}
      action={t('common.delete')}
      danger
      onClose={onClose}
      onConfirm={async () => {
        await operator.deleteAutoStopRule(rule.id);
        await queries.invalidateQueries({ queryKey: ['autoStop'] });
        onClose();
      }}
    />
  );
}
