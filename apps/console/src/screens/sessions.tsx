import { useQueryClient } from '@tanstack/react-query';
import type { AgentSummary, SessionListResponse, SessionRequest } from '@waiaas/sdk';
import { useState } from 'react';
import { useAgents, useDaemonStatus, useDashboard, useSessions } from '../data/queries.ts';
import { baseUnits, nativeUnit, shown } from '../format/amount.ts';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer, MoreButton } from '../ui/answer.tsx';
import {
  Badge,
  Button,
  Card,
  CopyButton,
  EmptyState,
  Notice,
  SelectField,
  TextArea,
  TextField,
} from '../ui/basics.tsx';
import { useNow } from '../ui/clock.ts';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { OnceDialog } from '../ui/once-dialog.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { revokeSession } from './revoke-session.ts';
import { leftInWords, limitsOfSession, renewableByDefault, renewableUntil } from './session-limits.ts';

type SessionSummary = SessionListResponse['sessions'][number];

/** Sessions: the tokens agents sign in with. */
export function SessionsScreen() {
  const { t } = useSpeech();
  const [agentId, setAgentId] = useState('');
  const [scope, setScope] = useState<'active' | 'all'>('active');
  const [creating, setCreating] = useState(false);
  const agents = useAgents();
  const { activeSessions } = useDashboard().data ?? {};
  return (
    <>
      <Heading
        title={
          activeSessions === undefined ? t('sessions.title') : t('sessions.title.active', { count: activeSessions })
        }
      >
        <Button kind="primary" onClick={() => setCreating(true)}>
          {t('sessions.new')}
        </Button>
      </Heading>
      <div className="mb-4 grid gap-3 sm:grid-cols-2">
        <SelectField
          label={t('common.agent')}
          value={agentId}
          options={[['', t('common.all')], ...(agents.data ?? []).map(({ id, name }) => [id, plain(name)] as const)]}
          onValue={setAgentId}
        />
        <SelectField
          label={t('common.status')}
          value={scope}
          options={[
            ['active', t('sessions.active')],
            ['all', t('common.all')],
          ]}
          onValue={(value) => setScope(value === 'all' ? 'all' : 'active')}
        />
      </div>
      <Card>
        <SessionList query={{ ...(agentId === '' ? {} : { agentId }), active: scope === 'active' }} />
      </Card>
      {creating && <CreateSessionDialog onClose={() => setCreating(false)} />}
    </>
  );
}

/** Sessions below each other. */
export function SessionList({ query }: { readonly query: Parameters<typeof useSessions>[0] }) {
  const { t } = useSpeech();
  const pages = useSessions(query);
  const agents = useAgents();
  const [revoking, setRevoking] = useState<SessionSummary | null>(null);
  return (
    <>
      <Answer of={pages}>
        {({ pages: parts }) => {
          const sessions = parts.flatMap((part) => part.sessions);
          if (sessions.length === 0) return <EmptyState title={t('sessions.none')} text={t('sessions.none.text')} />;
          return (
            <Table
              cards
              label={t('sessions.title')}
              head={[t('common.agent'), t('common.status'), t('sessions.expires'), t('sessions.limits'), '']}
            >
              {sessions.map((session) => (
                <SessionRow
                  key={session.id}
                  session={session}
                  agent={agents.data?.find(({ id }) => id === session.agentId)}
                  onRevoke={() => setRevoking(session)}
                />
              ))}
            </Table>
          );
        }}
      </Answer>
      <MoreButton of={pages} />
      {revoking !== null && <RevokeDialog session={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function SessionRow({
  session,
  agent,
  onRevoke,
}: {
  readonly session: SessionSummary;
  /** Absent while it is not known. */
  readonly agent: AgentSummary | undefined;
  readonly onRevoke: () => void;
}) {
  const { t, when } = useSpeech();
  const left = Date.parse(session.expiresAt) - useNow();
  const isLive = session.revokedAt === undefined && left > 0;
  const until = isLive ? renewableUntil(session) : null;
  const unit = agent === undefined ? null : nativeUnit(agent.chain);
  const limits = limitsOfSession(session, unit, t);
  const { totalTx: count, totalAmount } = session.usageStats;
  return (
    <tr>
      <Cell of={t('common.agent')}>
        <span>
          <span className="block max-w-48 truncate font-medium">
            <bdi>{plain(session.agentName)}</bdi>
          </span>
          {/* Its place is kept until it is known. */}
          <span className="block min-h-4 text-xs text-muted">
            {agent === undefined ? '' : `${agent.chain} ${agent.network}`}
          </span>
          <span className="block text-xs text-muted">
            {t('sessions.used', { count, amount: unit === null ? '…' : shown(totalAmount, unit) })}
          </span>
        </span>
      </Cell>
      <Cell of={t('common.status')}>
        <Badge tone={isLive ? 'good' : 'quiet'}>
          {isLive ? t('sessions.live') : session.revokedAt === undefined ? t('sessions.ended') : t('sessions.revoked')}
        </Badge>
      </Cell>
      <Cell of={t('sessions.expires')} className="whitespace-nowrap">
        <span>
          <span className="block">{when(session.expiresAt)}</span>
          {isLive && (
            <span className="block text-xs text-muted tabular-nums" role="timer">
              {leftInWords(left, t)}
            </span>
          )}
          {until !== null && (
            <span className="block text-xs text-muted">
              {t('sessions.renewable', { time: when(new Date(until).toISOString()) })}
            </span>
          )}
        </span>
      </Cell>
      <Cell of={t('sessions.limits')}>
        {limits.length === 0 ? (
          t('sessions.limits.none')
        ) : (
          <ul className="space-y-0.5 tabular-nums">
            {limits.map(({ of, words, recipients }) => (
              <li key={of}>
                {recipients === undefined ? (
                  words
                ) : (
                  <details>
                    <summary>{words}</summary>
                    {recipients.map((recipient) => (
                      <code key={recipient} className="block text-xs break-all">
                        {plain(recipient)}
                      </code>
                    ))}
                  </details>
                )}
              </li>
            ))}
          </ul>
        )}
      </Cell>
      <Cell className="text-right">{isLive && <Button onClick={onRevoke}>{t('sessions.revoke')}</Button>}</Cell>
    </tr>
  );
}

function RevokeDialog({ session, onClose }: { readonly session: SessionSummary; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  return (
    <ConfirmDialog
      title={`${t('sessions.revoke')}: ${plain(session.agentName)}`}
      text={t('sessions.revoke.text')}
      action={t('sessions.revoke')}
      danger
      onClose={onClose}
      onConfirm={async () => {
        await revokeSession(operator, session.id);
        await queries.invalidateQueries({ queryKey: ['sessions'] });
        onClose();
      }}
    />
  );
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** From the shortest to the longest that the daemon grants, seconds. */
const LIVES = [5 * MINUTE, 15 * MINUTE, HOUR, 8 * HOUR, 24 * HOUR, 72 * HOUR, 168 * HOUR] as const;

/** Asks what a new session may do, and shows its token, once. */
export function CreateSessionDialog({
  onClose,
  agentId: given,
}: {
  readonly onClose: () => void;
  readonly agentId?: string;
}) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const agents = useAgents();
  const able = (agents.data ?? []).filter(({ status }) => status === 'ACTIVE');
  const [chosen, setChosen] = useState(given ?? '');
  const agent = able.find(({ id }) => id === chosen) ?? able[0];
  const [life, setLife] = useState(String(24 * HOUR));
  const [perTx, setPerTx] = useState('');
  const [total, setTotal] = useState('');
  const [count, setCount] = useState('');
  const [destinations, setDestinations] = useState('');
  const [token, setToken] = useState<string | null>(null);
  const [isOnItsWay, setOnItsWay] = useState(false);
  const unit = nativeUnit(agent?.chain ?? 'solana');

  const amountOf = (text: string): string | null | undefined =>
    text.trim() === '' ? undefined : baseUnits(text, unit.decimals);
  const [maxAmountPerTx, maxTotalAmount] = [amountOf(perTx), amountOf(total)];
  const isCount = count === '' || /^[1-9]\d{0,9}$/.test(count);
  const faultOf = (label: string): string => t('policies.invalid', { symbol: unit.symbol, field: label });

  function request(): SessionRequest | null {
    if (agent === undefined || maxAmountPerTx === null || maxTotalAmount === null || !isCount) return null;
    const allowedDestinations = destinations.split(/\s+/).filter((line) => line !== '');
    return {
      agentId: agent.id,
      expiresIn: Number(life),
      constraints: {
        ...(maxAmountPerTx === undefined ? {} : { maxAmountPerTx }),
        ...(maxTotalAmount === undefined ? {} : { maxTotalAmount }),
        ...(count === '' ? {} : { maxTransactions: Number(count) }),
        ...(allowedDestinations.length === 0 ? {} : { allowedDestinations }),
      },
    };
  }

  if (token !== null) return <TokenDialog token={token} onClose={onClose} />;
  const wanted = request();
  return (
    <ConfirmDialog
      title={t('sessions.new')}
      action={t('common.create')}
      disabled={wanted === null}
      // Closed now, the session would be there, and its token nowhere.
      onClose={() => {
        if (!isOnItsWay) onClose();
      }}
      onConfirm={async () => {
        if (wanted === null) return;
        setOnItsWay(true);
        try {
          setToken((await operator.createSession(wanted)).token);
        } finally {
          setOnItsWay(false);
        }
        await queries.invalidateQueries({ queryKey: ['sessions'] });
      }}
    >
      {agents.data !== undefined && able.length === 0 && <Notice kind="warn">{t('agents.none')}</Notice>}
      <SelectField
        label={t('common.agent')}
        value={agent?.id ?? ''}
        options={able.map(({ id, name }) => [id, plain(name)])}
        onValue={setChosen}
      />
      <SelectField
        label={t('sessions.life')}
        value={life}
        options={LIVES.map((seconds) => [
          String(seconds),
          seconds <= HOUR
            ? t('sessions.life.minutes', { count: seconds / MINUTE })
            : seconds < 48 * HOUR
              ? t('sessions.life.hours', { count: seconds / HOUR })
              : t('sessions.life.days', { count: seconds / HOUR / 24 }),
        ])}
        onValue={setLife}
      />
      <RenewalsOf life={Number(life)} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={`${t('sessions.maxPerTx')} (${unit.symbol})`}
          hint={t('common.optional')}
          inputMode="decimal"
          value={perTx}
          onChange={(event) => setPerTx(event.target.value)}
        />
        <TextField
          label={`${t('sessions.maxTotal')} (${unit.symbol})`}
          hint={t('common.optional')}
          inputMode="decimal"
          value={total}
          onChange={(event) => setTotal(event.target.value)}
        />
      </div>
      <TextField
        label={t('sessions.maxCount')}
        hint={t('common.optional')}
        inputMode="numeric"
        value={count}
        onChange={(event) => setCount(event.target.value.trim())}
      />
      {maxAmountPerTx === null && <Notice kind="warn">{faultOf(t('sessions.maxPerTx'))}</Notice>}
      {maxTotalAmount === null && <Notice kind="warn">{faultOf(t('sessions.maxTotal'))}</Notice>}
      {!isCount && <Notice kind="warn">{t('policies.noNumber', { field: t('sessions.maxCount') })}</Notice>}
      <TextArea
        label={t('sessions.destinations')}
        hint={t('common.optional')}
        rows={3}
        value={destinations}
        onChange={(event) => setDestinations(event.target.value)}
      />
    </ConfirmDialog>
  );
}

/** How long a session could be kept alive: the time goes on for as long as the dialog is open. */
function RenewalsOf({ life }: { readonly life: number }) {
  const { t, when } = useSpeech();
  const until = new Date(renewableByDefault(life, useNow())).toISOString();
  return <p className="text-sm text-muted">{t('sessions.life.renewals', { time: when(until) })}</p>;
}

/** In the very version of the daemon, so that no later one is fetched unseen. */
const mcpConfig = (token: string, version: string): string =>
  JSON.stringify(
    {
      mcpServers: {
        waiaas: {
          command: 'npx',
          args: ['-y', `@waiaas/mcp@${version}`],
          env: { WAIAAS_BASE_URL: location.origin, WAIAAS_SESSION_TOKEN: token },
        },
      },
    },
    null,
    2,
  );

/** The token, and the configuration that holds it. */
function TokenDialog({ token, onClose }: { readonly token: string; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const status = useDaemonStatus();
  return (
    <OnceDialog
      title={t('sessions.token.title')}
      text={t('sessions.token.text')}
      secret={token}
      testId="session-token"
      wide
      onClose={onClose}
    >
      {(onCopied) => (
        <>
          <h3 className="mt-5 mb-2 text-sm font-medium">{t('sessions.mcp')}</h3>
          <Answer of={status} rows={3}>
            {({ daemon }) => <McpConfig config={mcpConfig(token, daemon.version)} onCopied={onCopied} />}
          </Answer>
        </>
      )}
    </OnceDialog>
  );
}

function McpConfig({ config, onCopied }: { readonly config: string; readonly onCopied: () => void }) {
  const { t } = useSpeech();
  return (
    <div className="flex items-start gap-2 rounded-lg border border-line bg-raised p-3">
      {/* All of it: who copies it by hand is not to miss an end that is out of sight. */}
      <pre className="min-w-0 flex-1 text-xs break-all whitespace-pre-wrap">{config}</pre>
      <CopyButton text={config} label={t('sessions.mcp')} onCopied={onCopied} />
    </div>
  );
}
