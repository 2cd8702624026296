import type { PolicyCreate, PolicyListResponse } from '@waiaas/sdk';
import { baseUnits, nativeUnit, wholeUnits } from '../format/amount.ts';

/** A policy as it is listed. */
export type Policy = PolicyListResponse['policies'][number];
/** Kind of policy. */
export type PolicyType = Policy['type'];
export const POLICY_TYPES = ['SPENDING_LIMIT', 'WHITELIST', 'TIME_RESTRICTION', 'RATE_LIMIT'] as const;

/** What somebody has typed of a policy: texts, whatever they may become. */
export interface PolicyDraft {
  readonly type: PolicyType;
  readonly agentId: string;
  readonly enabled: boolean;
  readonly priority: string;
  readonly chain: string;
  readonly instant: string;
  readonly notify: string;
  readonly delay: string;
  readonly daily: string;
  readonly weekly: string;
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
  /** Rules that this form has no field for; they are kept as they are. */
  readonly kept: Readonly<Record<string, unknown>>;
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
  kept: {},
};

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A stored policy as the form shows it. */
export function draftOf({ type, agentId, enabled, priority, rules }: Policy): PolicyDraft {
  const chain = text(rules.chain) || 'solana';
  const { decimals } = nativeUnit(chain);
  const amount = (value: unknown): string =>
    value === undefined ? '' : wholeUnits(text(value), decimals).replaceAll(',', '');
  const common = { ...EMPTY_DRAFT, type, agentId: agentId ?? '', enabled, priority: String(priority), chain };
  switch (type) {
    case 'SPENDING_LIMIT': {
      const { max_balance_share, token_limits } = rules;
      return {
        ...common,
        instant: amount(rules.instant_max),
        notify: amount(rules.notify_max),
        delay: amount(rules.delay_max),
        daily: amount(rules.daily_max),
        weekly: amount(rules.weekly_max),
        window: rules.window === 'calendar' ? 'calendar' : 'rolling',
        delaySeconds: text(rules.delay_seconds),
        approvalTimeout: text(rules.approval_timeout),
        kept: {
          ...(max_balance_share === undefined ? {} : { max_balance_share }),
          ...(token_limits === undefined ? {} : { token_limits }),
        },
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
  readonly fault: 'amount' | 'order' | 'number';
  readonly field: keyof PolicyDraft;
}

const integer = (value: string): number | null => (/^-?\d{1,9}$/.test(value.trim()) ? Number(value.trim()) : null);

function spendingRules(draft: PolicyDraft): Readonly<Record<string, unknown>> | DraftFault {
  const { decimals } = nativeUnit(draft.chain);
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
  const times: Record<string, number> = {};
  for (const [field, name] of [
    ['delaySeconds', 'delay_seconds'],
    ['approvalTimeout', 'approval_timeout'],
  ] as const) {
    if (draft[field].trim() === '') continue;
    const seconds = integer(draft[field]);
    if (seconds === null) return { fault: 'number', field };
    times[name] = seconds;
  }
  return { chain: draft.chain, ...amounts, window: draft.window, ...times, ...draft.kept };
}

/** The rules that were typed, as the daemon takes them; or the field that holds nothing usable. */
export function rulesOf(draft: PolicyDraft): Readonly<Record<string, unknown>> | DraftFault {
  switch (draft.type) {
    case 'SPENDING_LIMIT':
      return spendingRules(draft);
    case 'WHITELIST':
      return { chain: draft.chain, allowed_addresses: draft.addresses.split(/\s+/).filter((line) => line !== '') };
    case 'TIME_RESTRICTION': {
      const [start, end] = [integer(draft.from), integer(draft.until)];
      if (start === null) return { fault: 'number', field: 'from' };
      if (end === null) return { fault: 'number', field: 'until' };
      return { allowed_hours: { start, end }, timezone: draft.timezone.trim(), allowed_days: [...draft.days] };
    }
    case 'RATE_LIMIT': {
      const [hour, day] = [integer(draft.perHour), integer(draft.perDay)];
      if (hour === null) return { fault: 'number', field: 'perHour' };
      if (day === null) return { fault: 'number', field: 'perDay' };
      return { max_tx_per_hour: hour, max_tx_per_day: day };
    }
  }
}

/** Whether what was typed is of no use. */
export const isFault = (rules: Readonly<Record<string, unknown>> | DraftFault): rules is DraftFault => 'fault' in rules;

/** The draft as a new policy. The daemon reads the rules by the schema of their type, and says what is wrong with them. */
export function policyOf(draft: PolicyDraft, rules: Readonly<Record<string, unknown>>): PolicyCreate {
  // What is sent is checked by the daemon against the schema of the type it names; here it is a text form's content.
  return JSON.parse(
    JSON.stringify({
      type: draft.type,
      ...(draft.agentId === '' ? {} : { agentId: draft.agentId }),
      rules,
      priority: integer(draft.priority) ?? 0,
      enabled: draft.enabled,
    }),
  );
}
