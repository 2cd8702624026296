import { type DryRunResponse, tierSchema } from '@waiaas/core';
import type { DecisionRow, TransactionRow } from '@waiaas/storage';
import { z } from 'zod';
import { refusalError } from './refusal.ts';

/** Carries what a dry run has found out of its unit of work, and by being thrown undoes everything the unit wrote. */
export class DryRun extends Error {
  override readonly name = 'DryRun';
  readonly row: TransactionRow;
  readonly record: DecisionRow | undefined;

  constructor(row: TransactionRow, record: DecisionRow | undefined) {
    super('A dry run is taken back');
    this.row = row;
    this.record = record;
  }
}

const criteriaSchema = z.array(z.record(z.string(), z.unknown()));
const decisionSchema = z.looseObject({
  criteria: criteriaSchema,
  raisedBy: z.string().nullish(),
});

/** What a dry run tells. */
export function dryRunOf({ row, record }: DryRun): DryRunResponse {
  const decision = record?.decision == null ? null : decisionSchema.parse(JSON.parse(record.decision));
  const checks = {
    session: criteriaSchema.parse(JSON.parse(record?.session_criteria ?? '[]')),
    criteria: decision?.criteria ?? [],
  };
  if (row.status === 'CANCELLED') {
    const { code, details } = refusalError(row);
    const { transactionId: _id, status: _status, error, ...rest } = details ?? {};
    return { outcome: 'DENY', code, reason: String(error), details: rest, ...checks };
  }
  return {
    outcome: 'ALLOW',
    tier: tierSchema.parse(row.tier),
    ...(row.delay_seconds === null ? {} : { delaySeconds: row.delay_seconds }),
    ...(row.approval_timeout_seconds === null ? {} : { approvalTimeoutSeconds: row.approval_timeout_seconds }),
    ...(decision?.raisedBy == null ? {} : { raisedBy: decision.raisedBy }),
    ...checks,
  };
}
