import type { PolicyEvaluationResponse } from '@waiaas/sdk';
import { useState } from 'react';
import { partsOfAsset, useAgents, usePolicies } from '../data/queries.ts';
import { baseUnits, nativeUnit, shown, type Unit } from '../format/amount.ts';
import { plain, shortAddress } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { daemonClock } from '../session/daemon-clock.ts';
import { useOperator } from '../session/session.tsx';
import { Badge, Button, Notice, SelectField, TextField } from '../ui/basics.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { Criteria } from './decision.tsx';
import { assetOfKey, BASE_UNITS, draftOf, type Policy, type PolicyDraft, policyOf } from './policy-form.ts';
import { unitName } from './policy-words.ts';

const MONTH_MS = 30 * 86_400_000;

/** What the daemon answered, with the question it was asked. */
interface Told {
  readonly asked: string;
  readonly outcome?: PolicyEvaluationResponse;
  readonly trouble?: string | null;
}

/** What a change would do, before it counts: to a payment now, and to those of the last month. */
export function TryPolicy({
  policy,
  draft,
  rules,
}: {
  readonly policy: Policy | null;
  readonly draft: PolicyDraft;
  readonly rules: Readonly<Record<string, unknown>>;
}) {
  const { t } = useSpeech();
  const operator = useOperator();
  const policies = usePolicies();
  const agents = useAgents();
  const able = agents.data ?? [];
  const [chosen, setChosen] = useState('');
  const agent = able.find(({ id }) => id === chosen) ?? able[0];
  const [amount, setAmount] = useState('1');
  const [to, setTo] = useState('');
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<Told | null>(null);
  // What can be paid on the chain of the agent: its own asset, and those that the draft has limits for.
  const chain = agent?.chain ?? 'solana';
  const payable = [
    { asset: `${chain}:native`, unit: nativeUnit(chain) },
    ...draft.assets
      .map(({ key, unit }) => ({ asset: assetOfKey(draft.chain, key), unit }))
      .filter(({ asset }) => asset.startsWith(`${chain}:`) && asset !== `${chain}:native`),
  ];
  const [asset, setAsset] = useState('');
  const paid = payable.find((one) => one.asset === asset) ?? payable[0];
  const unit = paid?.unit ?? BASE_UNITS;
  const token = paid === undefined ? null : partsOfAsset(paid.asset).token;
  const base = baseUnits(amount, unit.decimals);

  const others = (policies.data ?? []).filter(({ id }) => id !== policy?.id);
  const changed = { ...policyOf(draft, rules), ...(policy === null ? {} : { id: policy.id }) };
  const question = {
    policies: [...others.map((other) => ({ ...policyOf(draftOf(other), other.rules), id: other.id })), changed],
    payment: {
      agentId: agent?.id ?? '',
      to: to.trim() === '' ? (agent?.publicKey ?? '') : to.trim(),
      amount: base ?? '',
      ...(token === null ? {} : ({ type: 'TOKEN_TRANSFER', tokenMint: token } as const)),
    },
  };
  const asked = JSON.stringify(question);
  // What was answered to another question, also one whose answer came late, says nothing of what is typed now.
  const { outcome = null, trouble = null } = told?.asked === asked ? told : {};

  async function run(): Promise<void> {
    if (agent === undefined || base === null) return;
    setBusy(true);
    setTold(null);
    try {
      const from = new Date(daemonClock.now() - MONTH_MS).toISOString();
      setTold({ asked, outcome: await operator.evaluatePolicies({ ...question, history: { from } }) });
    } catch (error) {
      setTold({ asked, trouble: troubleOf(error, t) });
    } finally {
      setBusy(false);
    }
  }

  return (
    <section className="mt-5 rounded-lg border border-line p-4">
      <h3 className="mb-3 font-medium">{t('policies.try')}</h3>
      <div className="flex flex-wrap items-end gap-3 [&>div]:min-w-40 [&>div]:flex-1">
        <SelectField
          label={t('common.agent')}
          value={agent?.id ?? ''}
          options={able.map(({ id, name }) => [id, plain(name)])}
          onValue={setChosen}
        />
        {payable.length > 1 && (
          <SelectField
            label={t('assets.asset')}
            value={paid?.asset ?? ''}
            options={payable.map((one) => [
              one.asset,
              `${unitName(one.unit, t)} (${shortAddress(partsOfAsset(one.asset).token ?? chain)})`,
            ])}
            onValue={setAsset}
          />
        )}
        <TextField
          label={`${t('common.amount')} (${unitName(unit, t)})`}
          value={amount}
          onChange={(event) => setAmount(event.target.value)}
        />
        <TextField label={t('common.to')} value={to} onChange={(event) => setTo(event.target.value)} />
        <Button busy={busy} disabled={agent === undefined || base === null} onClick={run}>
          {t('policies.try.run')}
        </Button>
      </div>
      {base === null && (
        <Notice kind="warn">{t('policies.invalid', { symbol: unitName(unit, t), field: t('common.amount') })}</Notice>
      )}
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      {outcome?.payment != null && (
        <div className="mt-4 grid gap-4 md:grid-cols-2" data-testid="dry-run">
          <Verdict title={t('policies.try.present')} verdict={outcome.payment.present} unit={unit} />
          <Verdict title={t('policies.try.proposed')} verdict={outcome.payment.proposed} unit={unit} />
        </div>
      )}
      {outcome?.history != null && <History history={outcome.history} />}
    </section>
  );
}

type Judgement = NonNullable<PolicyEvaluationResponse['payment']>['present'];

function Verdict({
  title,
  verdict,
  unit,
}: {
  readonly title: string;
  readonly verdict: Judgement;
  readonly unit: Unit;
}) {
  const { t } = useSpeech();
  return (
    <div className="min-w-0">
      <p className="flex items-center gap-2 text-sm font-medium">
        {title}: <Badge tone={verdict.outcome === 'DENY' ? 'bad' : 'quiet'}>{verdict.outcome}</Badge>
        {verdict.tier !== undefined && <Badge>{verdict.tier}</Badge>}
      </p>
      {verdict.reason !== undefined && <p className="mt-1 text-sm text-muted">{verdict.reason}</p>}
      <Criteria label={t('decision.policies')} criteria={verdict.criteria} unit={unit} />
    </div>
  );
}

function History({ history }: { readonly history: NonNullable<PolicyEvaluationResponse['history']> }) {
  const { t, when } = useSpeech();
  const { total, same, stricter, looser, changes } = history;
  return (
    <div className="mt-4">
      <h4 className="text-sm font-medium">{t('policies.try.history')}</h4>
      <p className="mt-1 text-sm text-muted">{t('policies.try.counts', { total, same, stricter, looser })}</p>
      {changes.length > 0 && (
        <Table
          label={t('policies.try.history')}
          head={[t('common.time'), t('common.amount'), t('policies.try.present'), t('policies.try.proposed')]}
        >
          {changes.slice(0, 50).map((change) => {
            const chain = change.asset.slice(0, change.asset.indexOf(':'));
            const isNative = change.asset.endsWith(':native');
            return (
              <tr key={change.transactionId}>
                <Cell className="whitespace-nowrap">{when(change.decidedAt)}</Cell>
                <Cell className="whitespace-nowrap tabular-nums">
                  {shown(change.amount, isNative ? nativeUnit(chain) : { symbol: change.asset, decimals: 0 })}
                </Cell>
                <Cell>
                  <Badge>{change.present.tier ?? change.present.outcome}</Badge>
                </Cell>
                <Cell>
                  <Badge>{change.proposed.tier ?? change.proposed.outcome}</Badge>
                </Cell>
              </tr>
            );
          })}
        </Table>
      )}
    </div>
  );
}
