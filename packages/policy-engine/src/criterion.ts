import type { Criterion, CriterionRule, PolicyReference } from './decision.ts';

/** Makes a criterion; `policy` is the one whose rule was looked at, or null where the check belongs to none. */
export const criterion = (
  policy: PolicyReference | null,
  rule: CriterionRule,
  observed: Criterion['observed'],
  limit: Criterion['limit'],
  passed: boolean,
): Criterion => Object.freeze({ policy, rule, observed, limit, passed });
