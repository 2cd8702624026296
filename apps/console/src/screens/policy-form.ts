import type { PolicyCreate, PolicyListResponse } from '@waiaas/sdk';
import { baseUnits, nativeUnit, type Unit, wholeUnits } from '../format/amount.ts';

/** A policy as it is listed. */
export type Policy = PolicyListResponse['policies'][number];
/** Kind of policy. */
export type PolicyType = Policy['type'];
export const POLICY_TYPES = ['SPENDING_LIMIT', 'WHITELIST', 'TIME_RESTRICTION', 'RATE_LIMIT'] as const;

/** Limits as somebody types them, in whole units. */
export interface LimitsDraft {
  readonly instant: string;
  readonly notify: string;
  readonly delay: string;
  readonly daily: string;
  readonly weekly: string;
}

/** Limits of one further asset. */
export interface AssetDraft extends LimitsDraft {
  /** As the rules name it: an asset id, or a mint or contract of the chain of the policy. */
  readonly key: string;
  /** What its amounts are told in; base units where nobody knows better. */
  readonly unit: Unit;
}

/** What somebody has typed of a policy: texts, whatever they may become. */
export interface PolicyDraft extends LimitsDraft {
  readonly type: PolicyType;
  readonly agentId: string;
  readonly enabled: boolean;
  readonly priority: string;
  readonly chain: string;
  readonly window: 'rolling' | 'calendar';
  readonly delaySeconds: string;
  readonly approvalTimeout: string;
  readonly addresses: string;
  readonly from: string;
  readonly until: string;
  readonly timezone: string;
  readonly days: readonly number[];
  readonly perHour: string;
  readonly perDay: string;
  /** Percent of what the agent holds, above which a payment needs an approval; empty: no such rule. */
  readonly share: string;
  readonly assets: readonly AssetDraft[];
}

export const EMPTY_DRAFT: PolicyDraft = {
  type: 'SPENDING_LIMIT',
  agentId: '',
  enabled: true,
  priority: '0',
  chain: 'solana',
  instant: '0.1',
  notify: '1',
  delay: '10',
  daily: '',
  weekly: '',
  window: 'rolling',
  delaySeconds: '900',
  approvalTimeout: '3600',
  addresses: '',
  from: '9',
  until: '18',
  timezone: 'UTC',
  days: [0, 1, 2, 3, 4, 5, 6],
  perHour: '0',
  perDay: '0',
  share: '',
  assets: [],
};

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Limits as they are stored, in whole units. */
function limitsOf(rules: Readonly<Record<string, unknown>>, { decimals }: Unit): LimitsDraft {
  const amount = (value: unknown): string =>
    value === undefined ? '' : wholeUnits(text(value), decimals).replaceAll(',', '');
  return {
    instant: amount(rules.instant_max),
    notify: amount(rules.notify_max),
    delay: amount(rules.delay_max),
    daily: amount(rules.daily_max),
    weekly: amount(rules.weekly_max),
  };
}

/**
 * The asset a key of `token_limits` names.
 * @example assetOfKey('solana', 'EPjFWdd5…') // "solana:EPjFWdd5…"
 */
export const assetOfKey = (chain: string, key: string): string => (key.includes(':') ? key : `${chain}:${key}`);

/** Keys of the further assets that a policy has limits for. */
export const furtherAssets = ({ rules }: Policy): readonly string[] =>
  isFields(rules.token_limits) ? Object.keys(rules.token_limits) : [];

/** What the amounts of an asset are told in where nobody knows its decimals. */
export const BASE_UNITS: Unit = { decimals: 0, symbol: '' };

const unitAmong = (units: ReadonlyMap<string, Unit>, asset: string): Unit => {
  const native = /^([^:]+):native$/.exec(asset)?.[1];
  return native === undefined ? (units.get(asset) ?? BASE_UNITS) : nativeUnit(native);
};

/**
 * A stored policy as the form shows it.
 * @param units of tokens, by the ids of their assets; what is not in it is told in base units
 */
export function draftOf(
  { type, agentId, enabled, priority, rules }: Policy,
  units: ReadonlyMap<string, Unit> = new Map(),
): PolicyDraft {
  const chain = text(rules.chain) || 'solana';
  const common = { ...EMPTY_DRAFT, type, agentId: agentId ?? '', enabled, priority: String(priority), chain };
  switch (type) {
    case 'SPENDING_LIMIT': {
      const { max_balance_share: share, token_limits: tokens } = rules;
      return {
        ...common,
        ...limitsOf(rules, nativeUnit(chain)),
        window: rules.window === 'calendar' ? 'calendar' : 'rolling',
        delaySeconds: text(rules.delay_seconds),
        approvalTimeout: text(rules.approval_timeout),
        share: share === undefined ? '' : wholeUnits(text(share), 1),
        assets: Object.entries(isFields(tokens) ? tokens : {}).map(([key, limits]) => {
          const unit = unitAmong(units, assetOfKey(chain, key));
          return { key, unit, ...limitsOf(isFields(limits) ? limits : {}, unit) };
        }),
      };
    }
    case 'WHITELIST':
      return { ...common, addresses: list(rules.allowed_addresses).map(text).join('\n') };
    case 'TIME_RESTRICTION': {
      const hours = isFields(rules.allowed_hours) ? rules.allowed_hours : {};
      return {
        ...common,
        from: text(hours.start),
        until: text(hours.end),
        timezone: text(rules.timezone) || 'UTC',
        days: list(rules.allowed_days).filter((day) => typeof day === 'number'),
      };
    }
    case 'RATE_LIMIT':
      return { ...common, perHour: text(rules.max_tx_per_hour) || '0', perDay: text(rules.max_tx_per_day) || '0' };
  }
}

/** A field that holds nothing usable. */
export interface DraftFault {
  readonly fault: 'amount' | 'order' | 'caps' | 'number' | 'range' | 'hours' | 'share';
  readonly field: keyof PolicyDraft;
  /** The least and the most that it takes, of a number that is beyond. */
  readonly range?: readonly [least: number, most: number];
  /** The further asset it belongs to. */
  readonly of?: AssetDraft;
}

const integer = (value: string): number | null => (/^-?\d{1,9}$/.test(value.trim()) ? Number(value.trim()) : null);

/** The least and the most that the daemon takes. */
const RANGES = {
  priority: [-1_000_000, 1_000_000],
  delaySeconds: [60, 2_592_000],
  approvalTimeout: [300, 86_400],
  from: [0, 23],
  until: [0, 24],
  perHour: [0, 999_999_999],
  perDay: [0, 999_999_999],
} as const;

function numberOf<F extends keyof typeof RANGES>(draft: Pick<PolicyDraft, F>, field: F): number | DraftFault {
  const number = integer(draft[field]);
  if (number === null) return { fault: 'number', field };
  const [least, most] = RANGES[field];
  return number < least || number > most ? { fault: 'range', field, range: [least, most] } : number;
}

/** The priority that was typed; null where it is none. */
export function priorityOf(draft: Pick<PolicyDraft, 'priority'>): number | null {
  const priority = numberOf(draft, 'priority');
  return typeof priority === 'number' ? priority : null;
}

/** Percent with at most one digit after the point, in thousandths; null when it is none between 0.1 and 100. */
function thousandths(percent: string): number | null {
  const share = Number(baseUnits(percent, 1) ?? '0');
  return share >= 1 && share <= 1000 ? share : null;
}

function amountsOf(draft: LimitsDraft, { decimals }: Unit): Readonly<Record<string, string>> | DraftFault {
  const amounts: Record<string, string> = {};
  for (const [field, name, isOptional] of [
    ['instant', 'instant_max', false],
    ['notify', 'notify_max', false],
    ['delay', 'delay_max', false],
    ['daily', 'daily_max', true],
    ['weekly', 'weekly_max', true],
  ] as const) {
    if (isOptional && draft[field].trim() === '') continue;
    const amount = baseUnits(draft[field], decimals);
    if (amount === null) return { fault: 'amount', field };
    amounts[name] = amount;
  }
  const [instant, notify, delay] = ['instant_max', 'notify_max', 'delay_max'].map((name) =>
    BigInt(amounts[name] ?? '0'),
  );
  if (instant === undefined || notify === undefined || delay === undefined || instant > notify || notify > delay) {
    return { fault: 'order', field: 'notify' };
  }
  const { daily_max: daily, weekly_max: weekly } = amounts;
  if (daily !== undefined && weekly !== undefined && BigInt(daily) > BigInt(weekly)) {
    return { fault: 'caps', field: 'weekly' };
  }
  return amounts;
}

function spendingRules(draft: PolicyDraft): Readonly<Record<string, unknown>> | DraftFault {
  const amounts = amountsOf(draft, nativeUnit(draft.chain));
  if (isFault(amounts)) return amounts;
  const times: Record<string, number> = {};
  for (const [field, name] of [
    ['delaySeconds', 'delay_seconds'],
    ['approvalTimeout', 'approval_timeout'],
  ] as const) {
    if (draft[field].trim() === '') continue;
    const seconds = numberOf(draft, field);
    if (typeof seconds === 'object') return seconds;
    times[name] = seconds;
  }
  const share = draft.share.trim() === '' ? undefined : thousandths(draft.share);
  if (share === null) return { fault: 'share', field: 'share' };
  const tokens: Record<string, Readonly<Record<string, string>>> = {};
  for (const asset of draft.assets) {
    const limits = amountsOf(asset, asset.unit);
    if (isFault(limits)) return { ...limits, of: asset };
    tokens[asset.key] = limits;
  }
  return {
    chain: draft.chain,
    ...amounts,
    window: draft.window,
    ...times,
    ...(share === undefined ? {} : { max_balance_share: share }),
    ...(draft.assets.length === 0 ? {} : { token_limits: tokens }),
  };
}

/** The recipients that were typed. */
export const addressesOf = ({ addresses }: PolicyDraft): readonly string[] =>
  addresses.split(/\s+/).filter((line) => line !== '');

/** Whether a list names nobody, which to the daemon is no list: everybody may be paid. */
export const allowsEverybody = (draft: PolicyDraft): boolean =>
  draft.type === 'WHITELIST' && addressesOf(draft).length === 0;

/** The rules that were typed, as the daemon takes them; or the field that holds nothing usable. */
export function rulesOf(draft: PolicyDraft): Readonly<Record<string, unknown>> | DraftFault {
  const priority = numberOf(draft, 'priority');
  if (typeof priority === 'object') return priority;
  switch (draft.type) {
    case 'SPENDING_LIMIT':
      return spendingRules(draft);
    case 'WHITELIST':
      return { chain: draft.chain, allowed_addresses: addressesOf(draft) };
    case 'TIME_RESTRICTION': {
      const [start, end] = [numberOf(draft, 'from'), numberOf(draft, 'until')];
      if (typeof start === 'object') return start;
      if (typeof end === 'object') return end;
      if (start === end) return { fault: 'hours', field: 'until' };
      return { allowed_hours: { start, end }, timezone: draft.timezone.trim(), allowed_days: [...draft.days] };
    }
    case 'RATE_LIMIT': {
      const [hour, day] = [numberOf(draft, 'perHour'), numberOf(draft, 'perDay')];
      if (typeof hour === 'object') return hour;
      if (typeof day === 'object') return day;
      return { max_tx_per_hour: hour, max_tx_per_day: day };
    }
  }
}

/** Whether what was typed is of no use. */
export const isFault = (rules: Readonly<Record<string, unknown>> | DraftFault): rules is DraftFault => 'fault' in rules;

/** A further asset that nothing is typed for yet. Empty limits are none: each has to be given. */
export const newAsset = (key: string, unit: Unit): AssetDraft => ({
  key,
  unit,
  instant: '0',
  notify: '0',
  delay: '0',
  daily: '',
  weekly: '',
});

/** The draft as a new policy. The daemon reads the rules by the schema of their type, and says what is wrong with them. */
export function policyOf(draft: PolicyDraft, rules: Readonly<Record<string, unknown>>): PolicyCreate {
  // What is sent is checked by the daemon against the schema of the type it names; here it is a text form's content.
  return JSON.parse(
    JSON.stringify({
      type: draft.type,
      ...(draft.agentId === '' ? {} : { agentId: draft.agentId }),
      rules,
      priority: priorityOf(draft) ?? 0,
      enabled: draft.enabled,
    }),
  );
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The fields in which `mine` is other than what it was begun with, on top of what it is now. */
function onTopOf<T extends object>(now: T, mine: T, begun: T): T {
  const before = new Map(Object.entries(begun));
  const typed = Object.entries(mine).filter(([name, value]) => !same(value, before.get(name)));
  return { ...now, ...Object.fromEntries(typed) };
}

/** Ethereum knows an address in any spelling; Solana only to the letter. */
const spelled = (address: string): string => (/^0x/i.test(address) ? address.toLowerCase() : address);

/** The recipients of a list that another one has not. */
export function beyond(list: PolicyDraft, other: PolicyDraft): readonly string[] {
  const there = new Set(addressesOf(other).map(spelled));
  return addressesOf(list).filter((address) => !there.has(spelled(address)));
}

/** What was put in and taken out, on top of what is there now. What that leaves empty names nobody: it is for `orElse` then. */
function merged<T>(
  now: readonly T[],
  { added, removed }: { readonly added: readonly T[]; readonly removed: readonly T[] },
  orElse: readonly T[],
): readonly T[] {
  const all = [...now.filter((one) => !removed.includes(one)), ...added.filter((one) => !now.includes(one))];
  return all.length > 0 ? all : orElse;
}

/**
 * Recipients, one by one. Where each has taken out what the other has left, nobody would be named, which is everybody: the newer
 * list stays then, unless it was emptied here.
 */
function rebasedAddresses(draft: PolicyDraft, begun: PolicyDraft, newer: PolicyDraft): string {
  const now = addressesOf(newer).map(spelled);
  const change = { added: beyond(draft, begun).map(spelled), removed: beyond(begun, draft).map(spelled) };
  if (change.added.length === 0 && change.removed.length === 0) return newer.addresses;
  const written = new Map([...addressesOf(draft), ...addressesOf(newer)].map((one) => [spelled(one), one]));
  const left = merged(now, change, allowsEverybody(draft) ? [] : now);
  return left.map((one) => written.get(one) ?? one).join('\n');
}

const WEEK = [0, 1, 2, 3, 4, 5, 6];
/** The days that are meant: none is every day. */
const daysMeant = ({ days }: PolicyDraft): readonly number[] => (days.length === 0 ? WEEK : days);

/** Days, one by one. No day at all cannot be said: the newer ones stay then. */
function rebasedDays(draft: PolicyDraft, begun: PolicyDraft, newer: PolicyDraft): readonly number[] {
  const [mine, was, now] = [daysMeant(draft), daysMeant(begun), daysMeant(newer)];
  const change = {
    added: mine.filter((day) => !was.includes(day)),
    removed: was.filter((day) => !mine.includes(day)),
  };
  if (change.added.length === 0 && change.removed.length === 0) return newer.days;
  return [...merged(now, change, now)].sort((one, other) => one - other);
}

/** What was taken out and is there all the same, as nothing would be left without it, which is everything. */
export interface Unremoved {
  readonly recipients: readonly string[];
  readonly days: readonly number[];
}

/**
 * What somebody has taken out that did not go on to the newer policy: that of the list which nobody would be left on, or no day.
 * @param draft as it was typed
 * @param begun what it was begun with
 * @param after the draft on the newer policy
 */
export function unremovedOf(draft: PolicyDraft, begun: PolicyDraft, after: PolicyDraft): Unremoved {
  const removed = new Set(beyond(begun, draft).map(spelled));
  const [mine, was, left] = [daysMeant(draft), daysMeant(begun), daysMeant(after)];
  return {
    recipients: addressesOf(after).filter((address) => removed.has(spelled(address))),
    days: left.filter((day) => was.includes(day) && !mine.includes(day)),
  };
}

/** Of what was not taken out, that which is still there. */
export function stillUnremoved({ recipients, days }: Unremoved, draft: PolicyDraft): Unremoved {
  const there = new Set(addressesOf(draft).map(spelled));
  return {
    recipients: recipients.filter((address) => there.has(spelled(address))),
    days: days.filter((day) => daysMeant(draft).includes(day)),
  };
}

/** Whether a draft would be stored as the policy that it was begun with: nobody is to sign for nothing. */
export function isUnchanged(draft: PolicyDraft, begun: PolicyDraft): boolean {
  const storable = (of: PolicyDraft) => [rulesOf(of), of.enabled, integer(of.priority)];
  return same(storable(draft), storable(begun));
}

/**
 * What somebody has typed, on a policy that somebody else has changed meanwhile: what was typed stays, and whatever was not
 * touched is as the newer policy has it, so that nothing of that is taken back unseen. Of a list each recipient, and each day, is
 * touched for itself.
 * @param draft as it is typed by now
 * @param begun what it was begun with
 * @param newer the policy as it is now, its assets in the same units
 */
export function rebased(draft: PolicyDraft, begun: PolicyDraft, newer: PolicyDraft): PolicyDraft {
  const assetOf = (from: PolicyDraft, key: string): AssetDraft | undefined =>
    from.assets.find((one) => one.key === key);
  const keys = new Set([...newer.assets, ...draft.assets].map(({ key }) => key));
  const assets = [...keys].flatMap((key) => {
    const [mine, was, now] = [assetOf(draft, key), assetOf(begun, key), assetOf(newer, key)];
    if (same(mine, was)) return now ?? [];
    // Taken out here, whatever has become of it there; or the other way round: what was typed for it stays.
    if (mine === undefined || was === undefined || now === undefined) return mine ?? [];
    return onTopOf(now, mine, was);
  });
  const addresses = rebasedAddresses(draft, begun, newer);
  return { ...onTopOf(newer, draft, begun), assets, addresses, days: rebasedDays(draft, begun, newer) };
}
