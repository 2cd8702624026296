import { useState } from 'react';
import { useAgentAssets, useAgentBudget, useAgents, useRecalls, useTransactions } from '../data/queries.ts';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Button, Card, EmptyState, Facts, FullAddress, Named } from '../ui/basics.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { AgentDialog, type Doing, RecoveryCard } from './agent-doings.tsx';
import { AgentPolicies } from './agent-policies.tsx';
import { BalanceChart } from './balance-chart.tsx';
import { AgentSpend, CapBars } from './dashboard.tsx';
import { ReceivingCode } from './receiving-code.tsx';
import { SessionList } from './sessions.tsx';
import { TransactionTable } from './transactions.tsx';

/** One agent: what it holds and may spend, what it did, and how it is stopped. */
export function AgentScreen({ id }: { readonly id: string }) {
  const { t, when } = useSpeech();
  const agents = useAgents();
  const [doing, setDoing] = useState<Doing | null>(null);
  const agent = agents.data?.find((one) => one.id === id);
  return (
    <>
      <Heading title={agent === undefined ? t('common.agent') : plain(agent.name)}>
        {agent?.status === 'ACTIVE' && <Button onClick={() => setDoing('suspend')}>{t('agents.suspend')}</Button>}
        {agent?.status === 'SUSPENDED' && <Button onClick={() => setDoing('resume')}>{t('agents.resume')}</Button>}
        {agent !== undefined && agent.status !== 'CREATING' && (
          <Button onClick={() => setDoing('recall')}>{t('agents.recall')}</Button>
        )}
        {(agent?.status === 'ACTIVE' || agent?.status === 'SUSPENDED') && (
          <Button kind="danger" onClick={() => setDoing('terminate')}>
            {t('agents.terminate')}
          </Button>
        )}
        {agent?.status === 'TERMINATING' && (
          <Button kind="danger" onClick={() => setDoing('waive')}>
            {t('agents.waive.action')}
          </Button>
        )}
      </Heading>
      <Answer of={agents}>
        {() =>
          agent === undefined ? (
            <EmptyState title={t('agents.unknown')} />
          ) : (
            <div className="grid gap-4 xl:grid-cols-2">
              <Card>
                <Facts
                  rows={[
                    [
                      t('common.status'),
                      <span key="status" className="flex gap-2">
                        <Badge>{agent.status}</Badge>
                        {agent.suspensionReason !== undefined && <Named code={agent.suspensionReason} />}
                      </span>,
                    ],
                    [t('common.network'), `${agent.chain} ${agent.network}`],
                    [t('common.address'), <FullAddress key="address" address={agent.publicKey} />],
                    [t('common.created'), when(agent.createdAt)],
                    ['ID', <code key="id">{agent.id}</code>],
                  ]}
                />
                <Holdings id={id} />
                <ReceivingCode agent={agent} />
              </Card>
              <Card title={t('agents.budget')}>
                <AgentSpend agent={agent} />
                <TokenBudgets id={id} />
              </Card>
              <Card title={t('agents.inForce')}>
                <AgentPolicies agent={agent} />
              </Card>
              <Card title={t('nav.sessions')}>
                <SessionList query={{ agentId: id, active: true }} />
              </Card>
              <Card title={t('agents.recalls')}>
                <Recalls id={id} />
              </Card>
              <RecoveryCard agent={agent} />
              <Card title={t('balance.title')} className="xl:col-span-2">
                <BalanceChart id={id} />
              </Card>
              <Card title={t('nav.transactions')} className="xl:col-span-2">
                <LatestOf id={id} />
              </Card>
            </div>
          )
        }
      </Answer>
      {agent !== undefined && doing !== null && (
        <AgentDialog agent={agent} doing={doing} onClose={() => setDoing(null)} />
      )}
    </>
  );
}

function Holdings({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const assets = useAgentAssets(id);
  return (
    <div className="mt-4">
      <h3 className="mb-1 text-sm font-medium">{t('agents.holds')}</h3>
      <Answer of={assets} rows={1}>
        {({ assets: held }) => (
          <ul className="text-sm">
            {held.map(({ asset, formatted, tokenMint }) => (
              <li key={asset} className="flex flex-wrap justify-between gap-2 py-1">
                <span className="font-medium tabular-nums">{formatted}</span>
                {tokenMint !== undefined && <code className="text-xs break-all text-muted">{tokenMint}</code>}
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </div>
  );
}

/** Tokens of one wallet whose budgets are shown; strangers can send any number of them. */
const MOST_TOKENS = 20;

/** What the policies leave of each token that the agent holds. */
function TokenBudgets({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const assets = useAgentAssets(id);
  const tokens = (assets.data?.assets ?? []).flatMap(({ tokenMint }) => tokenMint ?? []);
  if (tokens.length === 0) return null;
  return (
    <div className="mt-5 border-t border-line pt-4">
      <h3 className="mb-2 text-sm font-medium">{t('agents.tokens')}</h3>
      <ul className="space-y-4">
        {tokens.slice(0, MOST_TOKENS).map((tokenMint) => (
          <li key={tokenMint}>
            <TokenBudget id={id} tokenMint={tokenMint} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function TokenBudget({ id, tokenMint }: { readonly id: string; readonly tokenMint: string }) {
  const { t } = useSpeech();
  const budget = useAgentBudget(id, tokenMint);
  return (
    <Answer of={budget} rows={1}>
      {({ policy }) => (
        <>
          <p className="mb-1 text-sm">
            <span className="font-medium">{policy.symbol}</span>{' '}
            <code className="text-xs break-all text-muted">{tokenMint}</code>
          </p>
          {policy.tiers === null ? (
            <p className="text-xs text-muted">{t('agents.tokens.approval')}</p>
          ) : (
            <CapBars name={policy.symbol} caps={policy} />
          )}
        </>
      )}
    </Answer>
  );
}

function LatestOf({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const pages = useTransactions({ agentId: id, limit: 10 });
  return (
    <Answer of={pages}>
      {({ pages: parts }) => (
        <TransactionTable
          none={t('dashboard.recent.none')}
          transactions={parts.flatMap(({ transactions }) => transactions)}
        />
      )}
    </Answer>
  );
}

function Recalls({ id }: { readonly id: string }) {
  const { t, when } = useSpeech();
  const recalls = useRecalls(id);
  return (
    <Answer of={recalls} rows={2}>
      {(all) =>
        all.length === 0 ? (
          <EmptyState title={t('agents.recalls.none')} />
        ) : (
          <Table cards label={t('agents.recalls')} head={[t('common.time'), t('common.status'), t('common.to')]}>
            {all.map((recall) => (
              <tr key={recall.recallId}>
                <Cell of={t('common.time')} className="align-top whitespace-nowrap">
                  {when(recall.requestedAt)}
                </Cell>
                <Cell of={t('common.status')} className="align-top">
                  <Badge>{recall.status}</Badge>
                </Cell>
                <Cell>
                  <span>
                    <code className="text-xs break-all">{recall.destination}</code>
                    <span className="block text-xs text-muted">
                      {recall.kind} · {t('agents.moved', { count: recall.transactions.length })}
                      {recall.error === undefined ? '' : ` · ${recall.error}`}
                    </span>
                    {recall.left.length > 0 && (
                      <span className="block text-xs break-all text-muted">
                        {t('agents.left')}:{' '}
                        {recall.left
                          .map(({ asset, reason }) => `${asset} (${t(`left.${reason}`)}, ${reason})`)
                          .join(', ')}
                      </span>
                    )}
                  </span>
                </Cell>
              </tr>
            ))}
          </Table>
        )
      }
    </Answer>
  );
}
