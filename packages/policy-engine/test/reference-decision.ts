import { spendingLimitRulesSchema } from '@waiaas/core';
import type { Payment, PaymentFacts, PolicyRow } from '../src/index.ts';

/** The rules of 00 §3 and 04 §10–§11 written a second time, as plainly as can be: what `evaluate` is held against. */
export function referenceVerdict(
  rows: readonly PolicyRow[],
  agent: string,
  payment: Payment,
  facts: PaymentFacts,
): string {
  if (rows.some((row) => !row.authentic)) return 'DENY';
  const mine = rows.filter((row) => row.enabled && [null, agent].includes(row.agentId));
  if (mine.some((row) => row.type !== 'SPENDING_LIMIT')) return 'DENY';
  if (mine.some((row) => !spendingLimitRulesSchema.safeParse(row.rules).success)) return 'DENY';
  if (payment.amount < 1n || facts.reserved < 0n) return 'DENY';
  if ([facts.spent.day, facts.spent.week].some((spent) => spent !== null && spent < 0n)) return 'DENY';

  let chosen: PolicyRow | undefined;
  const scope = mine.some((row) => row.agentId === agent) ? agent : null;
  for (const row of mine) {
    if (row.agentId !== scope) continue;
    const better =
      !chosen || row.priority > chosen.priority || (row.priority === chosen.priority && row.id < chosen.id);
    if (better) chosen = row;
  }
  if (!chosen) return 'APPROVAL';

  const rules = spendingLimitRulesSchema.parse(chosen.rules);
  const native = payment.asset === `${rules.chain}:native`;
  const mint = payment.asset.slice(payment.asset.indexOf(':') + 1);
  const bare = payment.asset.startsWith(`${rules.chain}:`) ? rules.token_limits?.[mint] : undefined;
  const limits = native ? rules : (rules.token_limits?.[payment.asset] ?? bare);
  if (!limits) return 'APPROVAL';

  const caps = [
    [limits.daily_max, facts.spent.day],
    [limits.weekly_max, facts.spent.week],
  ] as const;
  for (const [cap, spent] of caps) {
    if (cap === undefined) continue;
    if (spent === null || spent + facts.reserved + payment.amount > BigInt(cap)) return 'DENY';
  }
  if (payment.amount <= BigInt(limits.instant_max)) return 'INSTANT';
  if (facts.reachableChannels < facts.minChannels) return 'APPROVAL';
  if (payment.amount <= BigInt(limits.notify_max)) return 'NOTIFY';
  return payment.amount <= BigInt(limits.delay_max) ? 'DELAY' : 'APPROVAL';
}
