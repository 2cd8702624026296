import type { Criterion, CriterionRule } from './decision.ts';

/** Makes a criterion. */
export const criterion = (
  rule: CriterionRule,
  observed: Criterion['observed'],
  limit: Criterion['limit'],
  passed: boolean,
): Criterion => Object.freeze({ rule, observed, limit, passed });
