import { type AgentId, type PolicyId, type PolicyType, policyTypeSchema } from '@waiaas/core';
import { compileRateLimit } from './compile-rate-limit.ts';
import { compileSpendingLimit } from './compile-spending-limit.ts';
import { compileTimeRestriction } from './compile-time-restriction.ts';
import { compileWhitelist } from './compile-whitelist.ts';
import type { Blocker } from './compiled-policies.ts';
import type { PolicyRow } from './policy-row.ts';

/** What can be wrong with a row, the worst first. */
const REASONS = ['POLICY_NOT_AUTHENTIC', 'POLICY_TYPE_UNKNOWN', 'POLICY_MALFORMED'] as const;
type RowProblem = (typeof REASONS)[number];

const COMPILE: Readonly<Record<PolicyType, (row: PolicyRow) => object | null>> = {
  SPENDING_LIMIT: compileSpendingLimit,
  WHITELIST: compileWhitelist,
  TIME_RESTRICTION: compileTimeRestriction,
  RATE_LIMIT: compileRateLimit,
};

/**
 * The first policy that cannot be applied, in an order that does not depend on the order of the rows: those with a
 * broken seal first, then by id.
 *
 * Priority and override do not hide a row from this: that a limit is stored and cannot be applied denies (09 no. 4).
 */
export function findBlocker(rows: readonly PolicyRow[], agentId: AgentId): Blocker | null {
  const blockers = rows.flatMap((row): (Blocker & { readonly reason: RowProblem; readonly policyId: PolicyId })[] => {
    const reason = problemOf(row, agentId);
    if (reason === null) return [];
    return [{ reason, policyId: row.id, policyVersion: Number.isSafeInteger(row.version) ? row.version : null }];
  });
  const [first] = blockers.sort(
    (a, b) => REASONS.indexOf(a.reason) - REASONS.indexOf(b.reason) || (a.policyId < b.policyId ? -1 : 1),
  );
  return first ?? null;
}

function problemOf(row: PolicyRow, agentId: AgentId): RowProblem | null {
  // Nothing in such a row is proven: not that it is disabled, and not that it is another agent's.
  if (row.authentic !== true) return 'POLICY_NOT_AUTHENTIC';
  if (row.agentId !== null && row.agentId !== agentId) return null;
  if (row.enabled === false) return null;
  const type = policyTypeSchema.safeParse(row.type);
  if (!type.success) return 'POLICY_TYPE_UNKNOWN';
  const sound =
    row.enabled === true &&
    Number.isSafeInteger(row.version) &&
    Number.isSafeInteger(row.priority) &&
    COMPILE[type.data](row) !== null;
  return sound ? null : 'POLICY_MALFORMED';
}
