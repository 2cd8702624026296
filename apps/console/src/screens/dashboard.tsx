import type { AgentBudgetResponse, AgentSummary, DashboardResponse, OwnerTransaction } from '@waiaas/sdk';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import {
  useAgentBudget,
  useAgents,
  useChannels,
  useDaemonStatus,
  useDashboard,
  useOwnerStatus,
  useTransactions,
} from '../data/queries.ts';
import { extremes, nativeUnit, perMille, shown } from '../format/amount.ts';
import { plain } from '../format/text.ts';
import { uptimeInWords } from '../format/uptime.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { daemonClock } from '../session/daemon-clock.ts';
import { Answer } from '../ui/answer.tsx';
import { Badge, Card, EmptyState, Notice, type Tone } from '../ui/basics.tsx';
import { Columns, LimitBar, PartsBar } from '../ui/charts.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { BalancesOverTime } from './balance-chart.tsx';
import { TransactionTable } from './transactions.tsx';

const DAYS = 14;
const RECENT = 10;
/** Agents whose caps are looked at here: each is asked for by itself, and all are a click away. */
const SHOWN_AGENTS = 5;

/** What there is to know at a glance. */
export function DashboardScreen() {
  const { t } = useSpeech();
  const owner = useOwnerStatus();
  const agents = useAgents();
  const channels = useChannels();
  const dashboard = useDashboard();
  // One page is looked at, and every figure made of it says so.
  const latest = useTransactions({ limit: 100 });
  const payments = latest.data?.pages[0]?.transactions ?? [];
  const { channels: present, minChannels = 0 } = channels.data ?? {};
  const isSetUp =
    owner.data?.connected !== false &&
    agents.data?.length !== 0 &&
    (present === undefined || present.length >= minChannels);
  const few = channels.data !== undefined && channels.data.reachable < channels.data.minChannels;

  return (
    <>
      <Heading title={t('dashboard.title')} />
      {!isSetUp && (
        <Notice kind="info">
          {t('dashboard.setup')}{' '}
          <Link href="/setup" className="font-semibold underline">
            {t('dashboard.setup.go')}
          </Link>
        </Notice>
      )}
      {few && (
        <Notice kind="warn">
          {t('dashboard.channels.few', { reachable: channels.data.reachable, min: channels.data.minChannels })}{' '}
          <Link href="/notifications" className="font-semibold underline">
            {t('nav.notifications')}
          </Link>
        </Notice>
      )}
      <div className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
        <Figure name={t('dashboard.waiting')} to="/approvals" value={dashboard.data?.pendingApprovals} />
        <Figure name={t('dashboard.today')} to="/transactions" value={dashboard.data?.todayTxCount}>
          {(dashboard.data?.todayTxVolumes ?? []).flatMap(({ formatted }) => formatted ?? []).join(' · ')}
        </Figure>
        <Figure
          name={t('dashboard.agents')}
          to="/agents"
          value={dashboard.data?.agentStatuses.filter(({ status }) => status === 'ACTIVE').length}
        />
        <Figure name={t('dashboard.sessions')} to="/sessions" value={dashboard.data?.activeSessions} />
      </div>
      <div className="mt-4 grid gap-4 xl:grid-cols-3">
        <Card title={t('dashboard.caps')} className="xl:col-span-2">
          <Answer of={agents}>
            {(all) =>
              !all.some(isPaying) ? (
                <EmptyState title={t('agents.none')} text={t('agents.none.text')} />
              ) : (
                <>
                  <ul className="space-y-5">
                    {all
                      .filter(isPaying)
                      .slice(0, SHOWN_AGENTS)
                      .map((agent) => (
                        <li key={agent.id}>
                          <AgentSpend agent={agent} />
                        </li>
                      ))}
                  </ul>
                  {all.length > SHOWN_AGENTS && (
                    <Link href="/agents" className="mt-4 block text-sm underline">
                      {t('dashboard.moreAgents', { count: all.length })}
                    </Link>
                  )}
                </>
              )
            }
          </Answer>
        </Card>
        <Card title={t('dashboard.balances')}>
          <Answer of={dashboard} rows={2}>
            {({ balances }) => <Balances balances={balances} />}
          </Answer>
        </Card>
      </div>
      <div className="mt-4 grid gap-4 xl:grid-cols-3">
        <Card title={t('dashboard.flow')} className="flex flex-col xl:col-span-2">
          <Answer of={latest}>{() => <Flow payments={payments} />}</Answer>
        </Card>
        <div className="grid gap-4">
          <Card title={t('dashboard.tiers')}>
            <Answer of={latest}>{() => <TierMix payments={payments} />}</Answer>
          </Card>
          <SystemCard />
        </div>
      </div>
      <div className="mt-4">
        <BalancesOverTime />
      </div>
      <Card title={t('dashboard.recent')} className="mt-4">
        <Answer of={latest} rows={RECENT}>
          {() => <TransactionTable none={t('dashboard.recent.none')} transactions={payments.slice(0, RECENT)} />}
        </Answer>
      </Card>
    </>
  );
}

const isPaying = ({ status }: AgentSummary): boolean => status === 'ACTIVE' || status === 'SUSPENDED';

function Figure({
  name,
  value,
  to,
  children,
}: {
  readonly name: string;
  readonly value: ReactNode;
  readonly to: string;
  readonly children?: ReactNode;
}) {
  return (
    <Link href={to} className="min-w-0 rounded-xl border border-line bg-surface p-4 hover:border-accent sm:p-5">
      <span className="block text-sm text-muted">{name}</span>
      <span className="mt-1 block h-9 text-3xl font-semibold tabular-nums">{value ?? '–'}</span>
      <span className="block min-h-4 truncate text-xs text-muted tabular-nums">{children}</span>
    </Link>
  );
}

/** What agents hold of each native asset: networks are never added up. */
function Balances({ balances }: { readonly balances: DashboardResponse['balances'] }) {
  const { t, when } = useSpeech();
  if (balances.length === 0) return <EmptyState title={t('agents.none')} />;
  return (
    <ul className="space-y-3">
      {balances.map((held) => (
        <li key={`${held.chain} ${held.network}`} className="flex flex-wrap items-baseline justify-between gap-x-3">
          <span className="text-sm text-muted">
            {held.chain} {held.network}
          </span>
          <span className="font-medium break-all tabular-nums">{held.formatted ?? t('dashboard.unread')}</span>
          <span className="w-full text-xs text-muted">
            {t('dashboard.balance.agents', { count: held.agents })}
            {held.stale && held.asOf !== null ? ` · ${t('dashboard.stale', { time: when(held.asOf) })}` : ''}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** How much of an agent's caps is spent. */
export function AgentSpend({ agent }: { readonly agent: AgentSummary }) {
  const { t } = useSpeech();
  const budget = useAgentBudget(agent.id);
  return (
    <div>
      <div className="mb-2 flex min-w-0 flex-wrap items-baseline gap-2">
        <Link href={`/agents/${agent.id}`} className="truncate font-medium underline decoration-line">
          <bdi>{plain(agent.name)}</bdi>
        </Link>
        <span className="text-xs text-muted">
          {agent.chain} {agent.network}
        </span>
      </div>
      {budget.error !== null && <Notice kind="warn">{troubleOf(budget.error, t)}</Notice>}
      <CapBars name={plain(agent.name)} caps={budget.data?.policy} />
    </div>
  );
}

/** The caps of one asset: how much of each is used, and how much is under way. */
export function CapBars({
  name: whose,
  caps,
}: {
  readonly name: string;
  readonly caps: AgentBudgetResponse['policy'] | undefined;
}) {
  const { t } = useSpeech();
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {(
        [
          ['dashboard.caps.day', caps?.dailyCap],
          ['dashboard.caps.week', caps?.weeklyCap],
        ] as const
      ).map(([name, cap]) => (
        <div key={name} className="min-h-11">
          <div className="mb-1 flex justify-between gap-2 text-xs text-muted">
            <span>{t(name)}</span>
            <span className="text-right tabular-nums">
              {caps === undefined
                ? '–'
                : cap === undefined || cap === null
                  ? t('dashboard.caps.none')
                  : t('dashboard.caps.of', { used: shown(cap.used, caps), limit: shown(cap.limit, caps) })}
            </span>
          </div>
          {cap !== undefined && cap !== null && (
            <LimitBar
              label={`${whose}, ${t(name)}`}
              used={perMille(BigInt(cap.used), BigInt(cap.limit))}
              reserved={perMille(BigInt(cap.reserved), BigInt(cap.limit))}
            />
          )}
        </div>
      ))}
    </div>
  );
}

const TIER_TONES: readonly (readonly [NonNullable<OwnerTransaction['tier']>, Tone])[] = [
  ['INSTANT', 'good'],
  ['NOTIFY', 'info'],
  ['DELAY', 'warn'],
  ['APPROVAL', 'bad'],
];

function TierMix({ payments }: { readonly payments: readonly OwnerTransaction[] }) {
  const { t } = useSpeech();
  const parts = TIER_TONES.map(([name, tone]) => ({
    name,
    tone,
    value: payments.filter(({ tier }) => tier === name).length,
  }));
  return (
    <>
      <PartsBar label={t('dashboard.tiers')} parts={parts} />
      <p className="mt-3 text-xs text-muted">{t('dashboard.tiers.of', { count: payments.length })}</p>
    </>
  );
}

/** What was paid each day of the native asset that is paid most often. */
function Flow({ payments }: { readonly payments: readonly OwnerTransaction[] }) {
  const { t, language } = useSpeech();
  const paid = payments.filter(({ status, asset, chain }) => status === 'CONFIRMED' && asset === `${chain}:native`);
  const counts = new Map<string, number>();
  for (const { chain } of paid) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  const chain = [...counts].sort(([, one], [, other]) => other - one).at(0)?.[0] ?? 'solana';
  const unit = nativeUnit(chain);
  const format = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' });
  const dayOf = (iso: string | number): string => new Date(iso).toDateString();
  const today = new Date(daemonClock.now());
  // By the calendar: where clocks are put forward or back, a day has not 24 hours.
  const days = Array.from({ length: DAYS }, (_, index) =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() - (DAYS - 1 - index)).getTime(),
  ).map((time) => ({
    time,
    sum: paid
      .filter((payment) => payment.chain === chain && dayOf(payment.executedAt ?? payment.createdAt) === dayOf(time))
      .reduce((sum, { amount }) => sum + BigInt(amount), 0n),
  }));
  const { most } = extremes(days.map(({ sum }) => sum));
  const label = t('dashboard.flow.text', { symbol: unit.symbol, count: payments.length });
  const columns = days.map(({ time, sum }) => ({
    name: format.format(time),
    height: perMille(sum, most),
    text: shown(sum.toString(), unit),
  }));
  return (
    <>
      <Columns label={label} columns={columns} most={shown((most ?? 0n).toString(), unit)} />
      <p className="mt-2 text-xs text-muted">{label}</p>
      <details className="mt-3">
        <summary className="text-sm font-medium">{t('balance.figures')}</summary>
        <div className="mt-2 max-h-64 overflow-y-auto">
          <Table label={t('dashboard.flow')} head={[t('dashboard.flow.day'), t('common.amount')]}>
            {columns.toReversed().map(({ name, text }) => (
              <tr key={name}>
                <Cell className="whitespace-nowrap">{name}</Cell>
                <Cell className="tabular-nums">{text}</Cell>
              </tr>
            ))}
          </Table>
        </div>
      </details>
    </>
  );
}

function SystemCard() {
  const { t } = useSpeech();
  const status = useDaemonStatus();
  return (
    <Card title={t('dashboard.system')}>
      <Answer of={status}>
        {({ daemon, killSwitch, adapters }) => (
          <ul className="space-y-2 text-sm">
            <li className="flex justify-between gap-2">
              <span className="text-muted">{t('nav.killSwitch')}</span>
              <Badge>{killSwitch.status}</Badge>
            </li>
            {adapters.map(({ chain, network, healthy, latencyMs }) => (
              <li key={`${chain} ${network}`} className="flex justify-between gap-2">
                <span className="text-muted">
                  {chain} {network}
                </span>
                <span className="flex items-center gap-2">
                  {latencyMs !== null && <span className="text-xs text-muted tabular-nums">{latencyMs} ms</span>}
                  <Badge tone={healthy ? 'good' : 'bad'}>
                    {healthy ? t('settings.healthy') : t('settings.unhealthy')}
                  </Badge>
                </span>
              </li>
            ))}
            <li className="flex justify-between gap-2">
              <span className="text-muted">{t('settings.uptime')}</span>
              <span>{uptimeInWords(daemon.uptime, t)}</span>
            </li>
            <li className="flex justify-between gap-2">
              <span className="text-muted">{t('settings.version')}</span>
              <span>{daemon.version}</span>
            </li>
          </ul>
        )}
      </Answer>
    </Card>
  );
}
