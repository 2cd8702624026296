import { type DryRunResponse, tierSchema, toJson } from '@waiaas/core';
import type { DecisionRow, TransactionRow } from '@waiaas/storage';
import { z } from 'zod';
import { type Refusal, refusalError } from './refusal.ts';

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

const detailsSchema = z.record(z.string(), z.unknown());
/** Details with amounts as text, as every answer has them. */
const plain = (details: Refusal['details']) => detailsSchema.parse(JSON.parse(toJson(details ?? {})));

const criteriaSchema = z.array(z.record(z.string(), z.unknown()));
const decisionSchema = z.looseObject({
  criteria: criteriaSchema,
  raisedBy: z.string().nullish(),
});

/** What a payment would put into an account it opens for its recipient. */
export interface RentForecast {
  /** Base units of the native asset; greater than zero. */
  readonly amount: bigint;
  /** Why it may not be opened now; null when it may. */
  readonly objection: Refusal | null;
}

/** What a dry run tells. */
export function dryRunOf({ row, record }: DryRun, rent: RentForecast | null): DryRunResponse {
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
  const accountRent = rent === null ? {} : { accountRent: rent.amount.toString() };
  // What waits is carried out on another day, perhaps.
  if (rent !== null && rent.objection !== null && row.tier !== 'DELAY') {
    const { code, token, details } = rent.objection;
    return { outcome: 'DENY', code, reason: token, details: plain(details), ...accountRent, ...checks };
  }
  return {
    outcome: 'ALLOW',
    tier: tierSchema.parse(row.tier),
    ...(row.delay_seconds === null ? {} : { delaySeconds: row.delay_seconds }),
    ...(row.approval_timeout_seconds === null ? {} : { approvalTimeoutSeconds: row.approval_timeout_seconds }),
    ...(decision?.raisedBy == null ? {} : { raisedBy: decision.raisedBy }),
    ...accountRent,
    ...checks,
  };
}
