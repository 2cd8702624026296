import { type PolicyRulesByType, type PolicyType, policyRulesSchemas } from '@waiaas/core';
import type { Payment, PaymentFacts, PolicyRow } from '../src/index.ts';

type Rules<Type extends PolicyType> = PolicyRulesByType[Type];

const isType = (word: string): word is PolicyType => Object.hasOwn(policyRulesSchemas, word);
const isSound = (row: PolicyRow): boolean =>
  isType(row.type) && policyRulesSchemas[row.type].safeParse(row.rules).success;

/** The one row of a type that counts (04 §10): the agent's before the global ones, then the highest, then the lowest id. */
function chosen(rows: readonly PolicyRow[], agent: string, type: PolicyType): PolicyRow | undefined {
  const ofType = rows.filter((row) => row.type === type);
  const scope = ofType.some((row) => row.agentId === agent) ? agent : null;
  let best: PolicyRow | undefined;
  for (const row of ofType) {
    if (row.agentId !== scope) continue;
    const better = !best || row.priority > best.priority || (row.priority === best.priority && row.id < best.id);
    if (better) best = row;
  }
  return best;
}

/** Day and hour as a local date prints them. */
function localTime(zone: string, now: number): { day: number; hour: number } {
  const text = new Date(now * 1000).toLocaleString('sv-SE', { timeZone: zone });
  const [, year, month, date, hour] = /^(\d+)-(\d+)-(\d+) (\d+):/.exec(text) ?? [];
  return { day: new Date(Date.UTC(Number(year), Number(month) - 1, Number(date))).getUTCDay(), hour: Number(hour) };
}

const same = (chain: string, a: string, b: string): boolean =>
  chain === 'solana' ? a === b : a.toLowerCase() === b.toLowerCase();

function listed(rules: Rules<'WHITELIST'>, payment: Payment): boolean {
  if (rules.allowed_addresses.length === 0) return true;
  if (rules.chain !== payment.chain) return false;
  return rules.allowed_addresses.some((address) => same(rules.chain, address, payment.to));
}

function open({ allowed_hours, allowed_days, timezone }: Rules<'TIME_RESTRICTION'>, now: number): boolean {
  const { day, hour } = localTime(timezone, now);
  if (allowed_days.length > 0 && !allowed_days.includes(day)) return false;
  // Walks over the hours one by one instead of comparing.
  let at = allowed_hours.start;
  do {
    if (at === hour) return true;
    at = (at + 1) % 24;
  } while (at !== allowed_hours.end % 24);
  return false;
}

/** The entry of an asset: named in full or by its address alone, contracts in any letter case. */
function limitsFor(rules: Rules<'SPENDING_LIMIT'>, { asset, chain }: Payment) {
  if (asset === `${rules.chain}:native`) return rules;
  for (const [key, limits] of Object.entries(rules.token_limits ?? {})) {
    if (same(chain, key.includes(':') ? key : `${rules.chain}:${key}`, asset)) return limits;
  }
  return undefined;
}

const unknownCount = (limit: number, count: number | null | undefined): boolean =>
  count === null || count === undefined ? limit > 0 : count < 0;

/** The rules of 00 §3 and 04 §10–§11 written a second time, as plainly as can be: what `evaluate` is held against. */
export function referenceVerdict(
  rows: readonly PolicyRow[],
  agent: string,
  payment: Payment,
  facts: PaymentFacts,
): string {
  if (rows.some((row) => !row.authentic)) return 'DENY';
  const mine = rows.filter((row) => row.enabled && [null, agent].includes(row.agentId));
  if (!mine.every(isSound)) return 'DENY';
  if (payment.amount < 1n || facts.reserved < 0n) return 'DENY';
  if ([facts.spent.day, facts.spent.week, facts.balance].some((sum) => typeof sum === 'bigint' && sum < 0n))
    return 'DENY';

  const whitelist = chosen(mine, agent, 'WHITELIST');
  if (whitelist && !listed(policyRulesSchemas.WHITELIST.parse(whitelist.rules), payment)) return 'DENY';
  const restriction = chosen(mine, agent, 'TIME_RESTRICTION');
  if (restriction && !open(policyRulesSchemas.TIME_RESTRICTION.parse(restriction.rules), facts.now)) return 'DENY';

  const rate = chosen(mine, agent, 'RATE_LIMIT');
  const { max_tx_per_hour: perHour, max_tx_per_day: perDay } = policyRulesSchemas.RATE_LIMIT.parse(rate?.rules ?? {});
  const { hour, day } = facts.recentTransactions ?? { hour: null, day: null };
  if (unknownCount(perHour, hour) || unknownCount(perDay, day)) return 'DENY';
  if ((perHour > 0 && (hour ?? 0) + 1 > perHour) || (perDay > 0 && (day ?? 0) + 1 > perDay)) return 'DENY';

  const spending = chosen(mine, agent, 'SPENDING_LIMIT');
  if (!spending) return 'APPROVAL';
  const rules = policyRulesSchemas.SPENDING_LIMIT.parse(spending.rules);
  const limits = limitsFor(rules, payment);
  if (!limits) return 'APPROVAL';

  const caps = [
    [limits.daily_max, facts.spent.day],
    [limits.weekly_max, facts.spent.week],
  ] as const;
  for (const [cap, spent] of caps) {
    if (cap === undefined) continue;
    if (spent === null || spent + facts.reserved + payment.amount > BigInt(cap)) return 'DENY';
  }
  const share = rules.max_balance_share;
  if (share !== undefined) {
    if (facts.balance === null || facts.balance === undefined) return 'APPROVAL';
    if (payment.amount * 1000n > facts.balance * BigInt(share)) return 'APPROVAL';
  }
  if (payment.amount <= BigInt(limits.instant_max)) return 'INSTANT';
  if (facts.reachableChannels < facts.minChannels) return 'APPROVAL';
  if (payment.amount <= BigInt(limits.notify_max)) return 'NOTIFY';
  return payment.amount <= BigInt(limits.delay_max) ? 'DELAY' : 'APPROVAL';
}
