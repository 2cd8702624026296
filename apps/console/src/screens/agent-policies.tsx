import type { AgentSummary } from '@waiaas/sdk';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { usePolicyList } from '../data/queries.ts';
import { asShown, nativeUnit } from '../format/amount.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Named, Notice } from '../ui/basics.tsx';
import { furtherAssetsOf, nativeLimitsOf, policiesInForce } from './policies-in-force.ts';
import { addressesOf, allowsEverybody, draftOf, POLICY_TYPES, type Policy, type PolicyDraft } from './policy-form.ts';
import { daysInWords } from './policy-words.ts';

/** The policies that count for an agent, one of each type, and what counts where there is none. */
export function AgentPolicies({ agent }: { readonly agent: AgentSummary }) {
  const { t } = useSpeech();
  const policies = usePolicyList();
  return (
    <Answer of={policies}>
      {(list) => {
        const inForce = policiesInForce(list, agent.id);
        if (inForce === null) return <Notice kind="bad">{t('agents.inForce.altered')}</Notice>;
        return (
          <>
            <ul className="space-y-4">
              {POLICY_TYPES.map((type) => {
                const policy = inForce.get(type);
                return (
                  <li key={type}>
                    <div className="mb-1 flex flex-wrap items-baseline justify-between gap-x-3">
                      <h3 className="text-sm font-medium">
                        <Named code={type} />
                      </h3>
                      {policy !== undefined && (
                        <span className="text-xs text-muted">
                          {t(policy.agentId === null ? 'agents.inForce.all' : 'agents.inForce.own')} ·{' '}
                          {t('common.priority')} {policy.priority} · v{policy.version}
                        </span>
                      )}
                    </div>
                    <div className="text-sm">
                      {policy === undefined ? (
                        <p className="text-muted">{t(`agents.inForce.none.${type}`)}</p>
                      ) : (
                        <RulesFor policy={policy} chain={agent.chain} />
                      )}
                    </div>
                  </li>
                );
              })}
            </ul>
            <Link href="/policies" className="mt-4 block text-sm underline">
              {t('nav.policies')}
            </Link>
          </>
        );
      }}
    </Answer>
  );
}

/** What a policy says of an agent of a chain. */
function RulesFor({ policy, chain }: { readonly policy: Policy; readonly chain: string }): ReactNode {
  const { t, language } = useSpeech();
  const draft = draftOf(policy);
  switch (draft.type) {
    case 'SPENDING_LIMIT':
      return <LimitsFor draft={draft} chain={chain} />;
    case 'WHITELIST': {
      if (allowsEverybody(draft)) return <p>{t('policies.everybody')}</p>;
      if (draft.chain !== chain) return <p>{t('agents.inForce.otherList', { chain: draft.chain, own: chain })}</p>;
      const addresses = addressesOf(draft);
      return (
        <details>
          <summary>{t('agents.inForce.recipients', { count: addresses.length })}</summary>
          <ul className="mt-1 max-h-64 space-y-1 overflow-y-auto text-xs">
            {addresses.map((address) => (
              <li key={address}>
                <code className="break-all">{address}</code>
              </li>
            ))}
          </ul>
        </details>
      );
    }
    case 'TIME_RESTRICTION':
      return (
        <p>
          {draft.from} – {draft.until} ({draft.timezone}), {daysInWords(draft, t, language)}
        </p>
      );
    case 'RATE_LIMIT':
      return (
        <p>
          {t('policies.perHour')}: {draft.perHour}
          <br />
          {t('policies.perDay')}: {draft.perDay}
        </p>
      );
  }
}

function LimitsFor({ draft, chain }: { readonly draft: PolicyDraft; readonly chain: string }) {
  const { t } = useSpeech();
  const unit = nativeUnit(chain);
  const { symbol } = unit;
  const limits = nativeLimitsOf(draft, chain);
  const further = furtherAssetsOf(draft, chain);
  const cap = (amount: string): string => (amount === '' ? t('common.noLimit') : `${asShown(amount, unit)} ${symbol}`);
  return (
    <>
      {limits === null ? (
        <p>{t('agents.inForce.noLimits', { symbol })}</p>
      ) : (
        <>
          <ul className="flex flex-wrap gap-x-4 gap-y-1 tabular-nums">
            {(
              [
                ['INSTANT', `≤ ${asShown(limits.instant, unit)}`],
                ['NOTIFY', `≤ ${asShown(limits.notify, unit)}`],
                ['DELAY', `≤ ${asShown(limits.delay, unit)}`],
                ['APPROVAL', `> ${asShown(limits.delay, unit)}`],
              ] as const
            ).map(([tier, words]) => (
              <li key={tier}>
                <Badge>{tier}</Badge> {words} {symbol}
              </li>
            ))}
          </ul>
          <p className="mt-1">
            {t('policies.daily')}: {cap(limits.daily)} · {t('policies.weekly')}: {cap(limits.weekly)}
          </p>
        </>
      )}
      {draft.share !== '' && (
        <p>
          {t('policies.share.short')}: &gt; {draft.share} %
        </p>
      )}
      {further > 0 && <p className="text-muted">{t('assets.further', { count: further })}</p>}
    </>
  );
}
