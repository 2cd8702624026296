import type { OwnerTransaction, OwnerTransactionQuery } from '@waiaas/sdk';
import { useState } from 'react';
import { Link } from 'wouter';
import { useAgents, useTransactions } from '../data/queries.ts';
import { shown, unitOf } from '../format/amount.ts';
import { plain, shortAddress } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { Answer, MoreButton } from '../ui/answer.tsx';
import { Badge, Card, EmptyState, SelectField } from '../ui/basics.tsx';
import { Cell, Table } from '../ui/table.tsx';

const STATUSES = [
  'PENDING',
  'QUEUED',
  'EXECUTING',
  'SUBMITTED',
  'CONFIRMED',
  'FAILED',
  'CANCELLED',
  'EXPIRED',
] as const satisfies readonly OwnerTransaction['status'][];
const TIERS = ['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL'] as const satisfies readonly OwnerTransaction['tier'][];

/** The member of a list that a text names. */
const oneOf = <T extends string>(all: readonly T[], text: string): T | undefined => all.find((one) => one === text);

/** Payments of all agents. */
export function TransactionsScreen() {
  const { t } = useSpeech();
  const [filter, setFilter] = useState<Omit<OwnerTransactionQuery, 'cursor'>>({ limit: 50 });
  const agents = useAgents();
  const pages = useTransactions(filter);
  const isFiltered = filter.agentId !== undefined || filter.status !== undefined || filter.tier !== undefined;
  const all = [['', t('common.all')]] as const;
  return (
    <>
      <Heading title={t('transactions.title')} />
      <div className="mb-4 grid gap-3 sm:grid-cols-3">
        <SelectField
          label={t('common.agent')}
          value={filter.agentId ?? ''}
          options={[...all, ...(agents.data ?? []).map(({ id, name }) => [id, plain(name)] as const)]}
          onValue={(agentId) => setFilter({ ...filter, agentId: agentId === '' ? undefined : agentId })}
        />
        <SelectField
          label={t('common.status')}
          value={filter.status ?? ''}
          options={[...all, ...STATUSES.map((status) => [status, status] as const)]}
          onValue={(status) => setFilter({ ...filter, status: oneOf(STATUSES, status) })}
        />
        <SelectField
          label={t('common.tier')}
          value={filter.tier ?? ''}
          options={[...all, ...TIERS.map((tier) => [tier, tier] as const)]}
          onValue={(tier) => setFilter({ ...filter, tier: oneOf(TIERS, tier) })}
        />
      </div>
      <Card>
        <Answer of={pages} rows={8}>
          {({ pages: [...parts] }) => (
            <TransactionTable
              none={t(isFiltered ? 'transactions.none' : 'dashboard.recent.none')}
              transactions={parts.flatMap(({ transactions }) => transactions)}
            />
          )}
        </Answer>
        <MoreButton of={pages} />
      </Card>
    </>
  );
}

/** Payments below each other. */
export function TransactionTable({
  transactions,
  none,
}: {
  readonly transactions: readonly OwnerTransaction[];
  /** What is said where there are none. */
  readonly none: string;
}) {
  const { t, when } = useSpeech();
  if (transactions.length === 0) return <EmptyState title={none} />;
  return (
    <Table
      cards
      label={t('transactions.title')}
      head={[
        t('common.time'),
        t('common.amount'),
        t('common.to'),
        t('common.agent'),
        t('common.tier'),
        t('common.status'),
      ]}
    >
      {transactions.map((payment) => (
        <tr key={payment.transactionId}>
          <Cell of={t('common.time')} className="whitespace-nowrap">
            <Link
              href={`/transactions/${payment.transactionId}`}
              className="underline decoration-line underline-offset-2"
            >
              {when(payment.createdAt)}
            </Link>
          </Cell>
          <Cell of={t('common.amount')} className="font-medium whitespace-nowrap tabular-nums">
            {shown(payment.amount, unitOf(payment))}
          </Cell>
          <Cell of={t('common.to')}>
            <code title={payment.toAddress}>{shortAddress(payment.toAddress)}</code>
          </Cell>
          <Cell of={t('common.agent')} className="max-w-48 truncate">
            <bdi>{plain(payment.agentName)}</bdi>
          </Cell>
          <Cell of={t('common.tier')}>{payment.tier === undefined ? '–' : <Badge>{payment.tier}</Badge>}</Cell>
          <Cell of={t('common.status')}>
            <Badge>{payment.status}</Badge>
          </Cell>
        </tr>
      ))}
    </Table>
  );
}
