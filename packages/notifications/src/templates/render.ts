import {
  formatUnits,
  type NotificationEvent,
  type NotificationEventName,
  type NotificationEventOf,
  type NotificationLocale,
  type NotifiedAmount,
} from '@waiaas/core';
import type { Fact, Rendered } from '../text/message.ts';
import { foreign, oneLine } from '../text/text.ts';
import { en, enLabels } from './en.ts';
import { ko, koLabels } from './ko.ts';
import type { Labels, Templates, Wording, Words } from './templates.ts';

/** What a template needs beside the event. */
export interface RenderContext {
  /** When the event happened, Unix seconds. */
  readonly at: number;
  /** Name of an agent; undefined when it is not known any more. */
  agentName(agentId: string): string | undefined;
}

const LANGUAGES: Readonly<Record<NotificationLocale, { readonly templates: Templates; readonly labels: Labels }>> = {
  en: { templates: en, labels: enLabels },
  ko: { templates: ko, labels: koLabels },
};

/** Both ends of an id or an address (05 §2.4). */
const short = (text: string): string => (text.length <= 11 ? text : `${text.slice(0, 4)}...${text.slice(-4)}`);

/** An amount in whole units; in base units where there are no words for the asset. */
const amountOf = ({ amount, unit, asset }: NotifiedAmount): string =>
  unit === null
    ? `${amount} × ${asset}`
    : formatUnits(BigInt(amount), unit.decimals, oneLine(unit.symbol).slice(0, 16));

/** An amount with all that tells what it is of. */
function amountInFull(paid: NotifiedAmount): string {
  const { chain, network, asset, unit } = paid;
  const isTold = unit === null || asset === `${chain}:native`;
  return `${amountOf(paid)}${isTold ? '' : ` ${short(asset.slice(asset.indexOf(':') + 1))}`} (${chain} ${network})`;
}

/** `2027-01-15 08:00:00 UTC`. */
const timeOf = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

const wordsFor = ({ at, agentName }: RenderContext): Words => {
  const secondsUntil = (iso: string): number => Math.max(0, Math.round(Date.parse(iso) / 1000) - at);
  return {
    amount: amountOf,
    amounts: (paid) => paid.map(amountInFull).join(', '),
    agent: (agentId) => foreign(agentName(agentId) ?? short(agentId)),
    short,
    time: timeOf,
    secondsUntil,
    minutesUntil: (iso) => Math.max(1, Math.floor(secondsUntil(iso) / 60)),
    actor: (by) => foreign(by),
  };
};

/** Events in which the owner has to judge a recipient: it is shown in full there. */
const DECIDED_ON: ReadonlySet<NotificationEventName> = new Set<NotificationEventName>([
  'TX_APPROVAL_REQUEST',
  'TX_DELAY_QUEUED',
  'TX_LATE_LANDING',
]);

function factsOf(event: NotificationEvent, labels: Labels): readonly Fact[] {
  const facts: Fact[] = [];
  if ('payment' in event) {
    const { payment } = event;
    facts.push({ label: labels.transaction, value: payment.txId });
    facts.push({ label: labels.agent, value: `${payment.agentId.slice(0, 8)}...` });
    facts.push({ label: labels.amount, value: amountOf(payment) });
    // Anybody may choose any symbol: what is paid in is told by what identifies it.
    if (payment.asset !== `${payment.chain}:native`) facts.push({ label: labels.asset, value: payment.asset });
    facts.push({ label: labels.to, value: DECIDED_ON.has(event.event) ? payment.to : short(payment.to) });
    facts.push({ label: labels.network, value: `${payment.chain} ${payment.network}` });
    if (payment.memo !== null) facts.push({ label: labels.memo, value: foreign(payment.memo) });
  } else if ('agentId' in event && event.agentId !== null) {
    facts.push({ label: labels.agent, value: event.agentId });
  }
  if ('sessionId' in event) facts.push({ label: labels.session, value: event.sessionId });
  if ('txHash' in event && event.txHash !== null) facts.push({ label: labels.hash, value: event.txHash });
  if (event.event === 'TX_APPROVAL_REQUEST') facts.push({ label: labels.until, value: timeOf(event.expiresAt) });
  if (event.event === 'TX_DELAY_QUEUED') facts.push({ label: labels.executesAt, value: timeOf(event.executesAt) });
  return facts;
}

function word<Name extends NotificationEventName>(
  templates: Templates,
  event: NotificationEventOf<Name> & { readonly event: Name },
  words: Words,
): Wording {
  return templates[event.event](event, words);
}

/** Makes the words of an event in a language. */
export function render(event: NotificationEvent, locale: NotificationLocale, context: RenderContext): Rendered {
  const { templates, labels } = LANGUAGES[locale];
  return { ...word(templates, event, wordsFor(context)), facts: factsOf(event, labels) };
}
