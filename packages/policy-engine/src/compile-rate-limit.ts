import { rateLimitRulesSchema } from '@waiaas/core';
import type { CompiledRateLimit } from './compiled-policies.ts';
import { referenceTo } from './policy-reference.ts';
import type { PolicyRow } from './policy-row.ts';
import { readRules } from './read-rules.ts';

/** Reads the rules of a RATE_LIMIT row; null when they are not of the documented form (04 §11). */
export function compileRateLimit(row: PolicyRow): CompiledRateLimit | null {
  const rules = readRules(rateLimitRulesSchema, row.rules);
  if (rules === null) return null;
  return Object.freeze({
    policy: referenceTo(row, 'RATE_LIMIT'),
    perHour: rules.max_tx_per_hour === 0 ? null : rules.max_tx_per_hour,
    perDay: rules.max_tx_per_day === 0 ? null : rules.max_tx_per_day,
  });
}
