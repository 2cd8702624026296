import type { PolicyType } from './enums.ts';
import type { ValidationIssue } from './error-catalogue.ts';
import { type RateLimitRules, rateLimitRulesSchema } from './rate-limit-rules.ts';
import { type SpendingLimitRules, spendingLimitRulesSchema } from './spending-limit.ts';
import { type TimeRestrictionRules, timeRestrictionRulesSchema } from './time-restriction.ts';
import { validationError } from './waiaas-error.ts';
import { type WhitelistRules, whitelistRulesSchema } from './whitelist.ts';

/** The rules of each type of policy. */
export interface PolicyRulesByType {
  readonly SPENDING_LIMIT: SpendingLimitRules;
  readonly WHITELIST: WhitelistRules;
  readonly TIME_RESTRICTION: TimeRestrictionRules;
  readonly RATE_LIMIT: RateLimitRules;
}

/** Rules of some type of policy. */
export type PolicyRules = PolicyRulesByType[PolicyType];

/**
 * The schema of the rules of each type. Rules are only ever read by the schema of the type they are declared or stored
 * with (04 §22): tried one after another, the schemas would take the rules of one type for empty rules of the next.
 */
export const policyRulesSchemas = {
  SPENDING_LIMIT: spendingLimitRulesSchema,
  WHITELIST: whitelistRulesSchema,
  TIME_RESTRICTION: timeRestrictionRulesSchema,
  RATE_LIMIT: rateLimitRulesSchema,
} as const;

/** Most findings in one answer, and the longest path in characters: a list of rules can hold a thousand mistakes. */
const MOST_FINDINGS = 32;
const LONGEST_PATH = 200;

/**
 * Reads rules by the schema of a type, defaults filled in (04 §22).
 * @throws WaiaasError VALIDATION_ERROR; its paths begin with `rules`, its messages never repeat a value.
 * @example parsePolicyRules('RATE_LIMIT', { max_tx_per_hour: 5 }) // { max_tx_per_hour: 5, max_tx_per_day: 0 }
 */
export function parsePolicyRules(type: PolicyType, rules: unknown): PolicyRules {
  const read = policyRulesSchemas[type].safeParse(rules);
  if (read.success) return read.data;
  const issues = read.error.issues.flatMap((issue): ValidationIssue[] => {
    const finding = (path: readonly PropertyKey[], message: string): ValidationIssue => ({
      path: ['rules', ...path.map(String)].join('.').slice(0, LONGEST_PATH),
      code: issue.code,
      message,
    });
    if (issue.code !== 'unrecognized_keys') return [finding(issue.path, issue.message)];
    return issue.keys.map((key) => finding([...issue.path, key], 'is not a known field'));
  });
  throw validationError(issues.slice(0, MOST_FINDINGS));
}
