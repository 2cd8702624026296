import {
  type AssetLimits,
  nativeAssetId,
  parseBaseUnits,
  type SpendingLimitRules,
  spendingLimitRulesSchema,
  tokenLimitAsset,
} from '@waiaas/core';
import type { CompiledLimits, CompiledSpendingLimit } from './compiled-policies.ts';
import type { PolicyRow } from './policy-row.ts';

/** Reads the rules of a SPENDING_LIMIT row; null when they are not of the documented form (04 §11). */
export function compileSpendingLimit(row: PolicyRow): CompiledSpendingLimit | null {
  const rules = readRules(row.rules);
  if (rules === null) return null;
  const limits: [string, CompiledLimits][] = [[nativeAssetId(rules.chain), compileLimits(rules)]];
  for (const [key, amounts] of Object.entries(rules.token_limits ?? {})) {
    const asset = tokenLimitAsset(rules.chain, key);
    if (asset === null) return null;
    limits.push([asset, compileLimits(amounts)]);
  }
  return Object.freeze({
    policyId: row.id,
    policyVersion: row.version,
    window: rules.window,
    delaySeconds: rules.delay_seconds ?? null,
    approvalTimeoutSeconds: rules.approval_timeout ?? null,
    // fromEntries defines own properties, whatever they are called.
    limits: Object.freeze(Object.fromEntries(limits)),
  });
}

function readRules(rules: unknown): SpendingLimitRules | null {
  try {
    return spendingLimitRulesSchema.safeParse(rules).data ?? null;
  } catch {
    // Stored JSON can be anything; a check that breaks on it has not passed it.
    return null;
  }
}

const compileLimits = (amounts: AssetLimits): CompiledLimits =>
  Object.freeze({
    instantMax: parseBaseUnits(amounts.instant_max),
    notifyMax: parseBaseUnits(amounts.notify_max),
    delayMax: parseBaseUnits(amounts.delay_max),
    dailyMax: amounts.daily_max === undefined ? null : parseBaseUnits(amounts.daily_max),
    weeklyMax: amounts.weekly_max === undefined ? null : parseBaseUnits(amounts.weekly_max),
  });
