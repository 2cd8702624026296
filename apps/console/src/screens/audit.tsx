import type { AuditQuery, AuditVerification } from '@waiaas/sdk';
import { useState } from 'react';
import { useAgents, useAuditLog } from '../data/queries.ts';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer, MoreButton } from '../ui/answer.tsx';
import { Badge, Button, Card, EmptyState, Notice, SelectField, TextField } from '../ui/basics.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { troubleOf } from '../ui/trouble.ts';

const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** What the daemon did, and the proof that nobody has changed the record of it. */
export function AuditScreen() {
  const { t, when } = useSpeech();
  const operator = useOperator();
  const agents = useAgents();
  const [filter, setFilter] = useState<Omit<AuditQuery, 'cursor'>>({ limit: 50 });
  const [event, setEvent] = useState('');
  const [verification, setVerification] = useState<AuditVerification | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const pages = useAuditLog(filter);

  function filterByEvent(): void {
    const wanted = event.trim() === '' ? undefined : event.trim().toUpperCase();
    if (wanted !== filter.event) setFilter({ ...filter, event: wanted });
  }

  async function verify(): Promise<void> {
    setBusy(true);
    setTrouble(null);
    try {
      setVerification(await operator.verifyAuditLog());
    } catch (error) {
      setTrouble(troubleOf(error, t));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Heading title={t('audit.title')}>
        <Button kind="primary" busy={busy} onClick={verify}>
          {t('audit.verify')}
        </Button>
      </Heading>
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      {verification !== null && <Verification found={verification} />}
      <form
        className="mb-4 grid items-end gap-3 sm:grid-cols-3"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          filterByEvent();
        }}
      >
        <TextField
          label={t('audit.event')}
          value={event}
          onChange={(changed) => setEvent(changed.target.value)}
          // Who has no Enter at hand leaves the field.
          onBlur={filterByEvent}
        />
        <SelectField
          label={t('audit.severity')}
          value={filter.severity ?? ''}
          options={[['', t('common.all')], ...SEVERITIES.map((one) => [one, one] as const)]}
          onValue={(value) => setFilter({ ...filter, severity: SEVERITIES.find((one) => one === value) })}
        />
        <SelectField
          label={t('common.agent')}
          value={filter.agentId ?? ''}
          options={[['', t('common.all')], ...(agents.data ?? []).map(({ id, name }) => [id, plain(name)] as const)]}
          onValue={(agentId) => setFilter({ ...filter, agentId: agentId === '' ? undefined : agentId })}
        />
      </form>
      <Card>
        <Answer of={pages} rows={10}>
          {({ pages: parts }) => {
            const entries = parts.flatMap((part) => part.entries);
            if (entries.length === 0) return <EmptyState title={t('audit.none')} />;
            return (
              <Table
                cards
                label={t('audit.title')}
                head={[
                  '#',
                  t('common.time'),
                  t('audit.event'),
                  t('audit.actor'),
                  t('audit.severity'),
                  t('audit.details'),
                ]}
              >
                {entries.map((entry) => (
                  <tr key={entry.id}>
                    <Cell of="#" className="text-muted tabular-nums">
                      {entry.id}
                    </Cell>
                    <Cell of={t('common.time')} className="whitespace-nowrap">
                      {when(entry.timestamp)}
                    </Cell>
                    <Cell of={t('audit.event')} className="font-medium">
                      {entry.event}
                    </Cell>
                    <Cell of={t('audit.actor')} className="max-w-56 text-xs break-all">
                      {entry.actor}
                    </Cell>
                    <Cell of={t('audit.severity')}>
                      <Badge>{entry.severity}</Badge>
                    </Cell>
                    <Cell className="min-w-40">
                      {Object.keys(entry.details).length > 0 && (
                        <details>
                          <summary className="text-xs text-muted">{t('audit.details')}</summary>
                          <pre className="mt-1 max-w-md text-xs break-all whitespace-pre-wrap">
                            {JSON.stringify(entry.details, null, 2)}
                          </pre>
                        </details>
                      )}
                    </Cell>
                  </tr>
                ))}
              </Table>
            );
          }}
        </Answer>
        <MoreButton of={pages} />
      </Card>
    </>
  );
}

function Verification({ found }: { readonly found: AuditVerification }) {
  const { t } = useSpeech();
  if (found.intact)
    return <Notice kind="good">{t('audit.intact', { rows: found.rows, sealed: found.sealedTo ?? 0 })}</Notice>;
  return (
    <Notice kind="bad">
      {t('audit.broken', { faults: found.faults })}
      <ul className="mt-2 list-disc pl-5">
        {found.findings.map((finding) => (
          <li key={`${finding.auditId} ${finding.fault}`}>
            #{finding.auditId} {finding.fault}: {finding.text}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
