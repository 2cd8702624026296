import { Link } from 'wouter';
import { useAuditLog, useTransaction } from '../data/queries.ts';
import { nativeUnit, shown, unitOf } from '../format/amount.ts';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { Answer, MoreButton } from '../ui/answer.tsx';
import { Badge, Card, Facts, FullAddress, Named } from '../ui/basics.tsx';
import { Decision } from './decision.tsx';

/** One payment: what it is, how it was decided, and everything that happened to it. */
export function TransactionScreen({ id }: { readonly id: string }) {
  const { t, when } = useSpeech();
  const payment = useTransaction(id);
  return (
    <>
      <Heading title={t('transactions.detail')} />
      <Answer of={payment}>
        {(found) => (
          <div className="grid gap-4 xl:grid-cols-2">
            <Card>
              <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
                <p className="text-2xl font-semibold break-all tabular-nums">{shown(found.amount, unitOf(found))}</p>
                <span className="flex gap-2">
                  {found.tier !== undefined && <Badge>{found.tier}</Badge>}
                  <Badge>{found.status}</Badge>
                </span>
              </div>
              <Facts
                rows={[
                  [
                    t('common.agent'),
                    <Link key="agent" href={`/agents/${found.agentId}`} className="underline underline-offset-2">
                      <bdi>{plain(found.agentName)}</bdi>
                    </Link>,
                  ],
                  [t('common.to'), <FullAddress key="to" address={found.toAddress} />],
                  [t('common.network'), `${found.chain} ${found.network}`],
                  ...(found.token === undefined
                    ? []
                    : ([[t('common.token'), <FullAddress key="token" address={found.token.address} />]] as const)),
                  ...(found.memo === undefined ? [] : ([[t('common.memo'), plain(found.memo)]] as const)),
                  [t('common.created'), when(found.createdAt)],
                  ...(found.fee === undefined
                    ? []
                    : ([[t('transactions.fee'), shown(found.fee, nativeUnit(found.chain))]] as const)),
                  ...(found.txHash === undefined
                    ? []
                    : ([[t('transactions.hash'), <FullAddress key="hash" address={found.txHash} />]] as const)),
                  ...(found.error === undefined ? [] : ([[t('transactions.error'), plain(found.error)]] as const)),
                  ['ID', <code key="id">{found.transactionId}</code>],
                ]}
              />
            </Card>
            <Card title={t('transactions.timeline')}>
              <Timeline id={id} />
            </Card>
            <Card title={t('transactions.decision')} className="xl:col-span-2">
              <Decision id={id} unit={unitOf(found)} />
            </Card>
          </div>
        )}
      </Answer>
    </>
  );
}

function Timeline({ id }: { readonly id: string }) {
  const { when } = useSpeech();
  const pages = useAuditLog({ transactionId: id, order: 'asc', limit: 100 });
  return (
    <>
      <Answer of={pages}>
        {({ pages: parts }) => (
          <ol className="relative space-y-4 border-l border-line pl-5">
            {parts
              .flatMap(({ entries }) => entries)
              .map((entry) => (
                <li key={entry.id} className="relative">
                  <span
                    aria-hidden="true"
                    className="absolute top-1.5 -left-[1.6rem] size-2.5 rounded-full border-2 border-surface bg-accent"
                  />
                  <p className="text-sm font-medium">
                    <Named code={entry.event} />
                  </p>
                  <p className="text-xs break-all text-muted">
                    {when(entry.timestamp)} · {entry.actor}
                  </p>
                </li>
              ))}
          </ol>
        )}
      </Answer>
      <MoreButton of={pages} />
    </>
  );
}
