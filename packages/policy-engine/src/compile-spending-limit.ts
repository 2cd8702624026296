import {
  type AssetLimits,
  nativeAssetId,
  parseBaseUnits,
  spendingLimitRulesSchema,
  tokenLimitAsset,
} from '@waiaas/core';
import type { CompiledLimits, CompiledSpendingLimit } from './compiled-policies.ts';
import { referenceTo } from './policy-reference.ts';
import type { PolicyRow } from './policy-row.ts';
import { readRules } from './read-rules.ts';

/** Reads the rules of a SPENDING_LIMIT row; null when they are not of the documented form (04 §11). */
export function compileSpendingLimit(row: PolicyRow): CompiledSpendingLimit | null {
  const rules = readRules(spendingLimitRulesSchema, row.rules);
  if (rules === null) return null;
  const limits: [string, CompiledLimits][] = [[nativeAssetId(rules.chain), compileLimits(rules)]];
  for (const [key, amounts] of Object.entries(rules.token_limits ?? {})) {
    const asset = tokenLimitAsset(rules.chain, key);
    if (asset === null) return null;
    limits.push([asset, compileLimits(amounts)]);
  }
  return Object.freeze({
    policy: referenceTo(row, 'SPENDING_LIMIT'),
    window: rules.window,
    delaySeconds: rules.delay_seconds ?? null,
    approvalTimeoutSeconds: rules.approval_timeout ?? null,
    maxBalanceShare: rules.max_balance_share === undefined ? null : BigInt(rules.max_balance_share),
    // fromEntries defines own properties, whatever they are called.
    limits: Object.freeze(Object.fromEntries(limits)),
  });
}

const compileLimits = (amounts: AssetLimits): CompiledLimits =>
  Object.freeze({
    instantMax: parseBaseUnits(amounts.instant_max),
    notifyMax: parseBaseUnits(amounts.notify_max),
    delayMax: parseBaseUnits(amounts.delay_max),
    dailyMax: amounts.daily_max === undefined ? null : parseBaseUnits(amounts.daily_max),
    weeklyMax: amounts.weekly_max === undefined ? null : parseBaseUnits(amounts.weekly_max),
  });
