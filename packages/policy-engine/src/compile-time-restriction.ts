import { timeRestrictionRulesSchema } from '@waiaas/core';
import type { CompiledTimeRestriction } from './compiled-policies.ts';
import { referenceTo } from './policy-reference.ts';
import type { PolicyRow } from './policy-row.ts';
import { readRules } from './read-rules.ts';

const EVERY_DAY = Object.freeze([0, 1, 2, 3, 4, 5, 6]);

/**
 * Reads the rules of a TIME_RESTRICTION row; null when they are not of the documented form (04 §11). That is also so where
 * this runtime does not know the time zone: what o'clock it is there cannot be told.
 */
export function compileTimeRestriction(row: PolicyRow): CompiledTimeRestriction | null {
  const rules = readRules(timeRestrictionRulesSchema, row.rules);
  if (rules === null) return null;
  const days = [...new Set(rules.allowed_days)].sort();
  return Object.freeze({
    policy: referenceTo(row, 'TIME_RESTRICTION'),
    timezone: rules.timezone,
    start: rules.allowed_hours.start,
    end: rules.allowed_hours.end,
    days: days.length === 0 ? EVERY_DAY : Object.freeze(days),
  });
}
