import type { DecisionRecordResponse } from '@waiaas/sdk';
import { useDecision } from '../data/queries.ts';
import { shown, type Unit } from '../format/amount.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Named } from '../ui/basics.tsx';
import { Cell, Table } from '../ui/table.tsx';

type Criterion = DecisionRecordResponse['criteria'][number];

const textOf = (value: unknown): string =>
  value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value);

/** Rules that hold an amount of what is paid against a limit. */
const OF_AMOUNTS: ReadonlySet<string> = new Set(['instant_max', 'notify_max', 'delay_max', 'daily_max', 'weekly_max']);

/** Limits that sort a payment: one above them is not refused, but goes to the next step. */
const STEPS: ReadonlySet<string> = new Set(['instant_max', 'notify_max', 'delay_max', 'max_balance_share']);

/** Checks that were made, in their order: what was seen, what it was held against, how it came out. */
export function Criteria({
  label,
  criteria,
  unit,
}: {
  readonly label: string;
  readonly criteria: readonly Criterion[];
  /** What is paid is told in; base units when left out. */
  readonly unit?: Unit | undefined;
}) {
  const { t } = useSpeech();
  if (criteria.length === 0) return null;
  const inWords = (rule: string, value: unknown): string =>
    unit !== undefined && OF_AMOUNTS.has(rule) && typeof value === 'string' ? shown(value, unit) : textOf(value);
  return (
    <div className="mt-3">
      <h4 className="mb-1 text-sm font-medium">{label}</h4>
      <Table cards label={label} head={[t('decision.rule'), t('decision.observed'), t('decision.limit'), '']}>
        {criteria.map((criterion, index) => {
          const isStep = STEPS.has(textOf(criterion.rule));
          const isPassed = criterion.passed !== false;
          return (
            <tr key={index}>
              <Cell of={t('decision.rule')} className="text-xs wrap-anywhere">
                <span>
                  <Named code={textOf(criterion.rule ?? criterion.check)} />
                </span>
              </Cell>
              <Cell of={t('decision.observed')} className="font-mono text-xs wrap-anywhere">
                {inWords(textOf(criterion.rule), criterion.observed)}
              </Cell>
              <Cell of={t('decision.limit')} className="font-mono text-xs wrap-anywhere">
                {inWords(textOf(criterion.rule), criterion.limit)}
              </Cell>
              <Cell of={t('common.status')} className="text-right">
                <Badge tone={isPassed ? 'good' : isStep ? 'quiet' : 'warn'}>
                  {t(isPassed ? 'decision.passed' : isStep ? 'decision.aboveStep' : 'decision.notPassed')}
                </Badge>
              </Cell>
            </tr>
          );
        })}
      </Table>
    </div>
  );
}

/** How a payment was decided, rule by rule. */
export function Decision({ id, unit }: { readonly id: string; readonly unit: Unit }) {
  const { t } = useSpeech();
  const decision = useDecision(id);
  return (
    <Answer of={decision} rows={2}>
      {({ session, criteria, replay, verdict }) => (
        <div>
          {typeof verdict?.raisedBy === 'string' && (
            <p className="text-sm">
              <Named code={verdict.raisedBy} />
            </p>
          )}
          <Criteria label={t('decision.policies')} criteria={criteria} unit={unit} />
          <Criteria label={t('decision.session')} criteria={session} />
          <p className="mt-3 text-sm text-muted">
            {replay === 'same' ? t('decision.replay.same') : t('decision.replay.other', { replay })}
          </p>
        </div>
      )}
    </Answer>
  );
}
