import { asShown, nativeUnit, type Unit } from '../format/amount.ts';
import { shortId } from '../format/text.ts';
import type { Say } from '../i18n/language.tsx';
import { nameInWords } from '../i18n/names.ts';
import { addressesOf, beyond, draftOf, type LimitsDraft, type Policy, type PolicyDraft } from './policy-form.ts';
import { type Loosening, successorOf } from './policy-loosening.ts';
import type { Standing } from './policy-standing.ts';

/** What something is, in names and values. */
export type Words = readonly (readonly [name: string, value: string])[];

interface Tongue {
  readonly t: Say;
  readonly language: string;
}

/** What amounts are typed in, in words: the symbol, or that there is none. */
export const unitName = ({ symbol, decimals }: Unit, t: Say): string =>
  symbol !== '' ? symbol : decimals === 0 ? t('assets.baseUnits') : t('assets.wholeUnits');

/** The third of January 2021 was a Sunday. */
export const dayName = (day: number, language: string): string =>
  new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(2021, 0, 3 + day));

/** The days of a time restriction. One that names none holds on every day. */
export const daysInWords = ({ days }: PolicyDraft, t: Say, language: string): string =>
  days.length === 0 || days.length === 7
    ? t('policies.everyDay')
    : days.map((day) => dayName(day, language)).join(', ');

function limitsInWords(limits: LimitsDraft, unit: Unit, t: Say): Words {
  const symbol = unitName(unit, t);
  const amount = (value: string): string =>
    value.trim() === '' ? t('common.noLimit') : `${asShown(value, unit)} ${symbol}`;
  return [
    [t('policies.instant'), amount(limits.instant)],
    [t('policies.notify'), amount(limits.notify)],
    [t('policies.delay'), amount(limits.delay)],
    [t('policies.daily'), amount(limits.daily)],
    [t('policies.weekly'), amount(limits.weekly)],
  ];
}

function rulesInWords(draft: PolicyDraft, { t, language }: Tongue): Words {
  switch (draft.type) {
    case 'SPENDING_LIMIT':
      return [
        [t('agents.chain'), draft.chain],
        ...limitsInWords(draft, nativeUnit(draft.chain), t),
        [t('policies.window'), t(`policies.window.${draft.window}`)],
        [t('policies.delaySeconds'), draft.delaySeconds.trim() || t('policies.ofDaemon')],
        [t('policies.approvalTimeout'), draft.approvalTimeout.trim() || t('policies.ofDaemon')],
        [t('policies.share.short'), draft.share === '' ? t('common.none') : `> ${draft.share} %`],
        ...draft.assets.map(
          (asset) =>
            [
              asset.key,
              limitsInWords(asset, asset.unit, t)
                .map(([name, value]) => `${name}: ${value}`)
                .join('; '),
            ] as const,
        ),
      ];
    case 'WHITELIST':
      return [
        [t('agents.chain'), draft.chain],
        [t('policies.recipients'), addressesOf(draft).join(' ') || t('policies.everybody')],
      ];
    case 'TIME_RESTRICTION':
      return [
        [t('policies.hours.short'), `${draft.from} – ${draft.until} (${draft.timezone})`],
        [t('policies.days'), daysInWords(draft, t, language)],
      ];
    case 'RATE_LIMIT':
      return [
        [t('policies.perHour'), draft.perHour],
        [t('policies.perDay'), draft.perDay],
      ];
  }
}

const policyInWords = (draft: PolicyDraft, tongue: Tongue): Words => [
  ...rulesInWords(draft, tongue),
  [tongue.t('common.status'), tongue.t(draft.enabled ? 'common.enabled' : 'common.disabled')],
  [tongue.t('common.priority'), draft.priority.trim()],
];

/** Which policy is meant: that of an id, or a new one, and for whom. */
export interface PolicySubject {
  /** As it is; null: a new one. */
  readonly policy: Pick<Policy, 'id' | 'version'> | null;
  /** In words; null: for all agents. */
  readonly agent: string | null;
}

/** Which policy is meant. Two lists for all agents look alike but for their ids. */
export const subjectInWords = ({ type }: PolicyDraft, { policy, agent }: PolicySubject, { t }: Tongue): Words => [
  [t('policies.policy'), `${nameInWords(type, t)} · ${agent ?? t('common.allAgents')}`],
  ...(policy === null ? [] : [[t('policies.id'), `${shortId(policy.id)} · v${policy.version}`] as const]),
];

/** What of a policy stays as it is, and tells it from others: whole units of an asset are those of its chain. */
function keptInWords(stored: PolicyDraft, draft: PolicyDraft, { t }: Tongue): Words {
  const hasChain = draft.type === 'SPENDING_LIMIT' || draft.type === 'WHITELIST';
  const isKept = stored.priority.trim() === draft.priority.trim();
  return [
    ...(hasChain ? [[t('agents.chain'), draft.chain] as const] : []),
    ...(isKept ? [[t('common.priority'), draft.priority.trim()] as const] : []),
  ];
}

/** What a change takes off agents, as a line of what is signed for. */
const looseningInWords = (loosened: Loosening | null, { t }: Tongue): Words =>
  loosened === null ? [] : [[t('policies.effect'), t(`policies.loosen.${loosened}`)]];

/** What is other with the recipients: one among many is not to be looked for. */
function recipientsInWords(stored: PolicyDraft, draft: PolicyDraft, { t }: Tongue): Words {
  const [added, removed] = [beyond(draft, stored), beyond(stored, draft)];
  if (added.length === 0 && removed.length === 0) return [];
  const count = (of: PolicyDraft): string => String(addressesOf(of).length || t('policies.everybody'));
  return [
    [t('policies.recipients'), `${count(stored)} → ${count(draft)}`],
    ...(added.length === 0 ? [] : [[t('policies.recipients.added'), added.join(' ')] as const]),
    ...(removed.length === 0 ? [] : [[t('policies.recipients.removed'), removed.join(' ')] as const]),
  ];
}

/** What is other with a policy than it was, each from what to what. */
export function differencesInWords(stored: PolicyDraft, draft: PolicyDraft, tongue: Tongue): Words {
  const [before, after] = [policyInWords(stored, tongue), policyInWords(draft, tongue)];
  const none = tongue.t('common.none');
  const names = [...new Set([...before, ...after].map(([name]) => name))];
  const of = (words: Words, name: string): string => words.find(([one]) => one === name)?.[1] ?? none;
  return names
    .filter((name) => of(before, name) !== of(after, name))
    .flatMap((name) =>
      name === tongue.t('policies.recipients')
        ? recipientsInWords(stored, draft, tongue)
        : [[name, `${of(before, name)} → ${of(after, name)}`] as const],
    );
}

/** What a change does beside what it says. */
export interface ChangeEffects {
  /** What it takes off agents. */
  readonly loosened: Loosening | null;
  /** Whether the policy counts then, and which one does not any more; null: nothing to be said of that. */
  readonly standing: string | null;
  /** What counts afterwards; null: the same policy as before. */
  readonly succeeded: string | null;
}

/**
 * What counts afterwards, unless what is taken off agents says that already: with the last one nothing of its kind is left.
 * @param type of the policy
 */
export const succeededInOneLine = (
  type: Policy['type'],
  { loosened, succeeded }: Pick<ChangeEffects, 'loosened' | 'succeeded'>,
  { t }: Tongue,
): Words =>
  succeeded === null || (loosened !== null && succeeded === t(`policies.after.${type}`))
    ? []
    : [[t('policies.after'), succeeded]];

/**
 * What the owner signs for when a policy is stored: all of a new one, and what is other than it was of one there is.
 * @param stored as it is; null: a new one
 */
export function changeInWords(
  stored: PolicyDraft | null,
  draft: PolicyDraft,
  subject: PolicySubject,
  { loosened, standing, succeeded }: ChangeEffects,
  tongue: Tongue,
): Words {
  const ranks = new Set([tongue.t('common.status'), tongue.t('common.priority')]);
  const differences = stored === null ? [] : differencesInWords(stored, draft, tongue);
  return [
    ...subjectInWords(draft, subject, tongue),
    // Whether it counts, and what does else, is read before a long list of what it says.
    ...differences.filter(([name]) => ranks.has(name)),
    ...(standing === null ? [] : [[tongue.t('policies.counts'), standing] as const]),
    ...succeededInOneLine(draft.type, { loosened, succeeded }, tongue),
    ...looseningInWords(loosened, tongue),
    ...(stored === null ? policyInWords(draft, tongue) : keptInWords(stored, draft, tongue)),
    ...differences.filter(([name]) => !ranks.has(name)),
  ];
}

/** The one of two policies that counts, as it is told apart: by the end of its id, and by what has decided. */
const rankInWords = ({ id, priority }: Policy): { readonly policy: string; readonly priority: number } => ({
  policy: shortId(id),
  priority,
});

/** Which policy comes first, where another one does not count for that. */
export const behindInWords = (first: Policy, { t }: Pick<Tongue, 't'>): string =>
  t('policies.counts.behind', rankInWords(first));

/** The agents that a policy for all agents does not count for; null: none. */
export const notForInWords = (
  { notFor }: Pick<Standing, 'notFor'>,
  agentOf: SuccessionNames['agentOf'],
  { t }: Pick<Tongue, 't'>,
): string | null =>
  notFor.length === 0
    ? null
    : t('policies.counts.notFor', { agents: notFor.map((id) => agentOf(id) ?? id).join(', ') });

/**
 * Whether a policy counts, what it takes the place of, and for whom it does not count.
 * @returns null where there is nothing to be said of that: it counts as before, wherever it holds, or it is off
 */
export function standingInWords(
  standing: Standing,
  agentOf: SuccessionNames['agentOf'],
  { t }: Pick<Tongue, 't'>,
): string | null {
  const { behind, displaced, isOfOneAgent } = standing;
  if (behind !== null) return `${t('policies.counts.not')}: ${behindInWords(behind, { t })}`;
  const isForOne = isOfOneAgent && displaced?.agentId === null;
  const sentences = [
    displaced === null
      ? null
      : t(isForOne ? 'policies.counts.insteadOfAll' : 'policies.counts.instead', rankInWords(displaced)),
    notForInWords(standing, agentOf, { t }),
  ].filter((sentence) => sentence !== null);
  return sentences.length === 0 ? null : sentences.join(' ');
}

/** What the policy that counts afterwards is told with. */
export interface SuccessionNames {
  /** An agent in words; null: all of them. */
  agentOf(id: string | null): string | null;
  /** Of tokens, by the ids of their assets; what is not in it is told in base units. */
  readonly units: ReadonlyMap<string, Unit>;
}

/**
 * What counts once a policy is changed or deleted, with all that it says. Nothing of its kind is not nothing to agents.
 * @param draft as it is to be; null: deleted
 * @returns null where the same policy counts as before
 */
export function succeededInWords(
  policy: Policy,
  draft: PolicyDraft | null,
  all: readonly Policy[],
  { agentOf, units }: SuccessionNames,
  tongue: Tongue,
): string | null {
  const next = successorOf(policy, draft, all);
  if (next === 'same') return null;
  if (next === null) return tongue.t(`policies.after.${policy.type}`);
  // It may be the changed one itself that counts from now on: as it will be, not as it was.
  const words = draft !== null && next.id === policy.id ? draft : draftOf(next, units);
  return [
    ...subjectInWords(words, { policy: next, agent: agentOf(next.agentId) }, tongue),
    ...rulesInWords(words, tongue),
  ]
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
}

/**
 * What the owner signs for when a policy is deleted: all that it says holds no more.
 * @param effects what that takes off agents, and what counts afterwards
 */
export const deletedInWords = (
  draft: PolicyDraft,
  subject: PolicySubject,
  { loosened, succeeded }: { readonly loosened: Loosening | null; readonly succeeded: string },
  tongue: Tongue,
): Words => {
  const isState = ([name]: Words[number]): boolean => name === tongue.t('common.status');
  const all = policyInWords(draft, tongue);
  // That it is deleted, and what follows, is read before a long list of what it was.
  return [
    ...subjectInWords(draft, subject, tongue),
    ...all.filter(isState).map(([name, value]) => [name, `${value} → ${tongue.t('policies.deleted')}`] as const),
    ...succeededInOneLine(draft.type, { loosened, succeeded }, tongue),
    ...looseningInWords(loosened, tongue),
    ...all.filter((one) => !isState(one)),
  ];
};
