import type { BalanceHistoryResponse, BalancePeriod } from '@waiaas/sdk';
import { type ReactNode, useState } from 'react';
import { useAgentAssets, useAgents, useBalanceHistory } from '../data/queries.ts';
import { extremes, perMille, shown } from '../format/amount.ts';
import { upToNow } from '../format/balance-points.ts';
import { plain, shortAddress } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Answer } from '../ui/answer.tsx';
import { Card, EmptyState, SelectField } from '../ui/basics.tsx';
import { StepLine } from '../ui/charts.tsx';
import { Cell, Table } from '../ui/table.tsx';

const PERIODS = ['day', 'week', 'month', 'year'] as const satisfies readonly BalancePeriod[];
type Series = BalanceHistoryResponse['series'][number];

/** The balance of an agent that is chosen here. */
export function BalancesOverTime() {
  const { t } = useSpeech();
  const agents = useAgents();
  const [chosen, setChosen] = useState('');
  return (
    <Card title={t('balance.title')}>
      <Answer of={agents} rows={5}>
        {(all) => {
          const agent = all.find(({ id }) => id === chosen) ?? all[0];
          if (agent === undefined) return <EmptyState title={t('agents.none')} text={t('agents.none.text')} />;
          return (
            <BalanceChart id={agent.id}>
              <SelectField
                label={t('common.agent')}
                value={agent.id}
                options={all.map(({ id, name }) => [id, plain(name)])}
                onValue={setChosen}
              />
            </BalanceChart>
          );
        }}
      </Answer>
    </Card>
  );
}

/** What the daemon has seen in the wallet of an agent, up to what it holds now: a line, and its figures for who would rather read. */
export function BalanceChart({ id, children }: { readonly id: string; readonly children?: ReactNode }) {
  const { t } = useSpeech();
  const [period, setPeriod] = useState<BalancePeriod>('week');
  const [asset, setAsset] = useState('');
  const history = useBalanceHistory(id, period);
  const all = history.data?.series ?? [];
  const held = useAgentAssets(id).data;
  const series = all.find((one) => one.asset === asset) ?? all[0];
  return (
    <>
      <div className="mb-4 grid gap-3 sm:grid-cols-[repeat(auto-fit,minmax(9rem,1fr))]">
        {children}
        <SelectField
          label={t('balance.period')}
          value={period}
          options={PERIODS.map((one) => [one, t(`balance.${one}`)])}
          onValue={(value) => setPeriod(PERIODS.find((one) => one === value) ?? 'week')}
        />
        {all.length > 1 && (
          <SelectField
            label={t('assets.asset')}
            value={series?.asset ?? ''}
            options={all.map(({ asset: one, symbol, tokenMint }) => [
              one,
              tokenMint === undefined ? symbol : `${symbol} (${shortAddress(tokenMint)})`,
            ])}
            onValue={setAsset}
          />
        )}
      </div>
      <Answer of={history} rows={5}>
        {({ from, to }) =>
          series === undefined ? (
            <EmptyState title={t('balance.none')} text={t('balance.none.text')} />
          ) : (
            <SeriesLine series={upToNow(series, held)} from={Date.parse(from)} to={Date.parse(to)} />
          )
        }
      </Answer>
    </>
  );
}

function SeriesLine({ series, from, to }: { readonly series: Series; readonly from: number; readonly to: number }) {
  const { t, when, language } = useSpeech();
  const { points } = series;
  const last = points.at(-1);
  const amounts = points.map(({ balance }) => BigInt(balance));
  const { least, most } = extremes(amounts);
  const words = (amount: bigint | undefined): string => shown((amount ?? 0n).toString(), series);
  const day = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' });
  return (
    <>
      <StepLine
        label={t('balance.label', {
          symbol: series.symbol,
          first: words(amounts.at(0)),
          last: words(amounts.at(-1)),
          least: words(least),
          most: words(most),
        })}
        points={points.map(({ at, balance }) => ({
          x: Math.min(1000, Math.max(0, ((Date.parse(at) - from) / Math.max(1, to - from)) * 1000)),
          height: perMille(BigInt(balance), most),
        }))}
        from={day.format(from)}
        to={day.format(to)}
        most={words(most)}
      />
      {last !== undefined && (
        <p className="mt-2 text-sm">
          {t('balance.asOf', { amount: shown(last.balance, series), time: when(last.at) })}
        </p>
      )}
      <details className="mt-3">
        <summary className="text-sm font-medium">{t('balance.figures')}</summary>
        <div className="mt-2 max-h-64 overflow-y-auto">
          <Table label={t('balance.title')} head={[t('common.time'), t('common.amount')]}>
            {points.toReversed().map(({ at, balance }) => (
              <tr key={at}>
                <Cell className="whitespace-nowrap">{when(at)}</Cell>
                <Cell className="tabular-nums">{shown(balance, series)}</Cell>
              </tr>
            ))}
          </Table>
        </div>
      </details>
    </>
  );
}
