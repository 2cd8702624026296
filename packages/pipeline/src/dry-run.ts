import { type DryRunResponse, tierSchema, toJson } from '@waiaas/core';
import { agentNotAuthentic } from '@waiaas/management';
import { type DecisionRow, findDecision, type TransactionRow } from '@waiaas/storage';
import { z } from 'zod';
import type { Admit } from './admission.ts';
import type { BalanceReader, BalanceReading } from './balance.ts';
import { BalanceNeeded } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { NetworkBreakers } from './network-breaker.ts';
import { type Refusal, refusalError } from './refusal.ts';
import type { RentForecast, RentForecaster } from './rent-forecast.ts';
import type { PayingSession, RequestedPayments, TransferBody } from './requested-payment.ts';

/** Carries what a dry run has found out of its unit of work, and by being thrown undoes everything the unit wrote. */
class DryRun extends Error {
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

/** What is told of it. */
function dryRunOf({ row, record }: DryRun, rent: RentForecast | null): DryRunResponse {
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

/**
 * Tells what would be decided about a payment now, by the very functions that decide it, without a trace.
 * @throws WaiaasError as for a payment that leaves no row
 */
export type DryRunner = (session: PayingSession, body: TransferBody) => Promise<DryRunResponse>;

/** Makes it. */
export function createDryRunner(
  dependencies: Pick<PipelineDependencies, 'storage'> & {
    readonly requests: RequestedPayments;
    readonly breakers: NetworkBreakers;
    readonly admit: Admit;
    readonly balanceOf: BalanceReader;
    readonly forecastRent: RentForecaster;
  },
): DryRunner {
  const { storage, requests, breakers, admit, balanceOf, forecastRent } = dependencies;
  return async (session, body) => {
    const requested = await requests.requestedBy(session.agentId, body);
    requests.checkReady(requested);
    await breakers.check(requested);
    const intent = { ...(await requests.paymentOf(requested)), sessionId: session.sessionId };
    const attempt = (balance?: BalanceReading) =>
      storage
        .write(async ({ db }) => {
          const admission = await admit(db, { intent, idempotencyKey: null, ip: null, balance });
          if (admission.kind === 'unbelievable') throw agentNotAuthentic(intent.agentId);
          // Whatever this unit has written is taken back with it.
          throw new DryRun(admission.row, await findDecision(db, intent.transactionId));
        })
        .catch((error: unknown) => {
          if (error instanceof DryRun || error instanceof BalanceNeeded) return error;
          throw error;
        });
    const first = await attempt();
    const outcome = first instanceof BalanceNeeded ? await attempt(await balanceOf(intent, first.mark)) : first;
    if (outcome instanceof BalanceNeeded) throw new Error('A balance was asked for twice');
    return dryRunOf(outcome, await forecastRent(intent, outcome.row));
  };
}
