import { useQueryClient } from '@tanstack/react-query';
import type { AgentSummary } from '@waiaas/sdk';
import { useState } from 'react';
import { useAgentAssets, useAgents, useOwnerStatus, useRecalls, useTransactions } from '../data/queries.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Button, Card, EmptyState, Facts, FullAddress, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { AgentSpend } from './dashboard.tsx';
import { SessionList } from './sessions.tsx';
import { TransactionTable } from './transactions.tsx';

type Doing = 'suspend' | 'resume' | 'recall' | 'terminate';

/** One agent: what it holds and may spend, what it did, and how it is stopped. */
export function AgentScreen({ id }: { readonly id: string }) {
  const { t, when } = useSpeech();
  const agents = useAgents();
  const [doing, setDoing] = useState<Doing | null>(null);
  const agent = agents.data?.find((one) => one.id === id);
  return (
    <>
      <Heading title={agent?.name ?? t('common.agent')}>
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
      </Heading>
      <Answer of={agents}>
        {() =>
          agent === undefined ? (
            <EmptyState title={t('agents.none')} />
          ) : (
            <div className="grid gap-4 xl:grid-cols-2">
              <Card>
                <Facts
                  rows={[
                    [
                      t('common.status'),
                      <span key="status" className="flex gap-2">
                        <Badge>{agent.status}</Badge>
                        {agent.suspensionReason ?? ''}
                      </span>,
                    ],
                    [t('common.network'), `${agent.chain} ${agent.network}`],
                    [t('common.address'), <FullAddress key="address" address={agent.publicKey} />],
                    [t('common.created'), when(agent.createdAt)],
                    ['id', <code key="id">{agent.id}</code>],
                  ]}
                />
                <Holdings id={id} />
              </Card>
              <Card title={t('agents.budget')}>
                <AgentSpend agent={agent} />
              </Card>
              <Card title={t('nav.sessions')}>
                <SessionList query={{ agentId: id, active: true }} />
              </Card>
              <Card title={t('agents.recalls')}>
                <Recalls id={id} />
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

function LatestOf({ id }: { readonly id: string }) {
  const pages = useTransactions({ agentId: id, limit: 10 });
  return (
    <Answer of={pages}>
      {({ pages: parts }) => <TransactionTable transactions={parts.flatMap(({ transactions }) => transactions)} />}
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
          <Table label={t('agents.recalls')} head={[t('common.time'), t('common.status'), t('common.to')]}>
            {all.map((recall) => (
              <tr key={recall.recallId}>
                <Cell className="whitespace-nowrap">{when(recall.requestedAt)}</Cell>
                <Cell>
                  <Badge>{recall.status}</Badge>
                </Cell>
                <Cell>
                  <code className="text-xs break-all">{recall.destination}</code>
                </Cell>
              </tr>
            ))}
          </Table>
        )
      }
    </Answer>
  );
}

function AgentDialog({
  agent,
  doing,
  onClose,
}: {
  readonly agent: AgentSummary;
  readonly doing: Doing;
  readonly onClose: () => void;
}) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const owner = useOwnerStatus();
  const [typed, setTyped] = useState('');
  const ownerAddress = owner.data?.address ?? '';
  const [destination, setDestination] = useState<string | null>(null);
  const to = destination ?? ownerAddress;

  async function act(): Promise<void> {
    switch (doing) {
      case 'suspend':
        await operator.suspendAgent(agent.id);
        break;
      case 'resume':
        await operator.resumeAgent(agent.id);
        break;
      case 'recall':
        await operator.recallAgent(agent.id, { destination: to });
        break;
      case 'terminate':
        await operator.terminateAgent(agent.id);
        break;
    }
    await queries.invalidateQueries({ queryKey: ['agents'] });
    onClose();
  }

  const texts = {
    suspend: t('agents.suspend.text'),
    resume: undefined,
    recall: t('agents.recall.text'),
    terminate: t('agents.terminate.text'),
  } as const;
  const isFinal = doing === 'terminate' || doing === 'recall';
  return (
    <ConfirmDialog
      title={`${t(`agents.${doing}`)}: ${agent.name}`}
      {...(texts[doing] === undefined ? {} : { text: texts[doing] })}
      action={t(`agents.${doing}`)}
      danger={isFinal}
      disabled={(isFinal && typed !== agent.name) || (doing === 'recall' && to === '')}
      onClose={onClose}
      onConfirm={act}
    >
      {doing === 'recall' && (
        <TextField
          label={t('agents.recall.destination')}
          value={to}
          onChange={(event) => setDestination(event.target.value.trim())}
        />
      )}
      {isFinal && (
        <TextField
          label={t('agents.confirmName', { name: agent.name })}
          value={typed}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </ConfirmDialog>
  );
}
