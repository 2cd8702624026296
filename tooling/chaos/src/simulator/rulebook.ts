import {
  type AgentId,
  type PolicySummary,
  type PolicyType,
  rateLimitRulesSchema,
  spendingLimitRulesSchema,
  timeRestrictionRulesSchema,
  whitelistRulesSchema,
} from '@waiaas/core';
import { DEFAULT_PIPELINE_SETTINGS } from '@waiaas/pipeline';
import type { Limits } from './limits-model.ts';
import { TOKEN } from './payment.ts';
import type { Random } from './random.ts';
import type { OtherRules } from './rules-model.ts';

/** Who is paid in the simulation. */
export const RECIPIENTS = [
  'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
  '4Nd1mYvM8SPgZ9pD7gT1MsPAo9Cw3m9Ko1fZ6LrTqS2s',
  'EWFZJuFzfx1bdWH5wa67KL1joEvYhGF5m6cL9mjHp1V',
  '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin',
] as const;

const text = (amount: bigint | null): string | undefined => (amount === null ? undefined : amount.toString());
const atLeast = (one: bigint, other: bigint): bigint => (one > other ? one : other);

/** Limits of one asset, as small as payments, so that they are met. */
function randomAmounts(random: Random) {
  const instant = BigInt(random.int(0, 100));
  const notify = instant + BigInt(random.int(0, 100));
  const delay = notify + BigInt(random.int(0, 200));
  const daily = random.chance(800) ? atLeast(1n, BigInt(random.int(50, 3000))) : null;
  const weekly = random.chance(600) ? atLeast(daily ?? 1n, BigInt(random.int(100, 9000))) : null;
  return {
    instant_max: instant.toString(),
    notify_max: notify.toString(),
    delay_max: delay.toString(),
    ...(daily === null ? {} : { daily_max: text(daily) }),
    ...(weekly === null ? {} : { weekly_max: text(weekly) }),
  };
}

/** Rules of a spending limit. */
export function randomLimits(random: Random) {
  return {
    chain: 'solana',
    ...randomAmounts(random),
    ...(random.chance(900) ? { token_limits: { [TOKEN.address]: randomAmounts(random) } } : {}),
    window: random.pick(['rolling', 'rolling', 'calendar']),
    delay_seconds: random.pick([60, 60, random.int(60, 600)]),
    approval_timeout: random.int(300, 7200),
    ...(random.chance(150) ? { max_balance_share: random.int(1, 1000) } : {}),
  };
}

/** Rules of the other types. */
export function randomRules(random: Random, type: 'WHITELIST' | 'RATE_LIMIT' | 'TIME_RESTRICTION'): object {
  switch (type) {
    case 'WHITELIST':
      return { allowed_addresses: RECIPIENTS.filter(() => random.chance(800)) };
    case 'RATE_LIMIT':
      return { max_tx_per_hour: random.int(0, 30), max_tx_per_day: random.int(0, 90) };
    case 'TIME_RESTRICTION': {
      const start = random.int(0, 12);
      return {
        allowed_hours: { start, end: random.int(start + 1, 24) },
        timezone: random.pick(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata']),
      };
    }
  }
}

/** The policy of a type that holds for an agent, of what the API lists: its own, or the one for all. */
function policyFor(policies: readonly PolicySummary[], type: PolicyType, agentId: AgentId): PolicySummary | undefined {
  const of = (id: string | null): PolicySummary | undefined =>
    policies.find((policy) => policy.type === type && policy.enabled && policy.agentId === id);
  return of(agentId) ?? of(null);
}

/** What the other types say about an agent, read from what the API lists. */
export function otherRulesFor(policies: readonly PolicySummary[], agentId: AgentId): OtherRules {
  const list = policyFor(policies, 'WHITELIST', agentId);
  const rate = policyFor(policies, 'RATE_LIMIT', agentId);
  const time = policyFor(policies, 'TIME_RESTRICTION', agentId);
  const rates = rate === undefined ? null : rateLimitRulesSchema.parse(rate.rules);
  const times = time === undefined ? null : timeRestrictionRulesSchema.parse(time.rules);
  return {
    whitelist: list === undefined ? null : whitelistRulesSchema.parse(list.rules).allowed_addresses,
    rate: rates === null ? null : { perHour: rates.max_tx_per_hour, perDay: rates.max_tx_per_day },
    hours: times === null ? null : { ...times.allowed_hours, timezone: times.timezone },
  };
}

/**
 * The spending limit that holds for an agent and an asset, read from what the API lists; null when there is none.
 * @param mint the token; null for the native asset
 */
export function limitsFor(policies: readonly PolicySummary[], agentId: AgentId, mint: string | null): Limits | null {
  const policy = policyFor(policies, 'SPENDING_LIMIT', agentId);
  if (policy === undefined) return null;
  const rules = spendingLimitRulesSchema.parse(policy.rules);
  const amounts = mint === null ? rules : rules.token_limits?.[mint];
  if (amounts === undefined) return null;
  return {
    instantMax: BigInt(amounts.instant_max),
    notifyMax: BigInt(amounts.notify_max),
    delayMax: BigInt(amounts.delay_max),
    dailyMax: amounts.daily_max === undefined ? null : BigInt(amounts.daily_max),
    weeklyMax: amounts.weekly_max === undefined ? null : BigInt(amounts.weekly_max),
    window: rules.window,
    delaySeconds: rules.delay_seconds ?? DEFAULT_PIPELINE_SETTINGS.delaySeconds,
    share: rules.max_balance_share ?? null,
  };
}
