import type { Db } from '../query-executor.ts';

/** A payment that the chain has executed. */
export interface PaidRow {
  /** Of the audit row. */
  readonly id: number;
  /** What was admitted, as stored. */
  readonly intent: string;
}

/** A stretch of time, Unix seconds; its end belongs to the next one. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

const ownPayments = (db: Db, { from, to }: Period) =>
  db
    .selectFrom('audit_log')
    .innerJoin('transactions', 'transactions.id', 'audit_log.tx_id')
    .where('audit_log.timestamp', '>=', from)
    .where('audit_log.timestamp', '<', to)
    .where('transactions.recall_id', 'is', null);

/** Payments that became final in a period, by rows of the audit log, oldest first; without what the owner took back. */
export const listPaidBetween = (db: Db, period: Period, after: number, limit: number): Promise<PaidRow[]> =>
  ownPayments(db, period)
    .select(['audit_log.id', 'transactions.intent'])
    .where('audit_log.event_type', 'in', ['TX_CONFIRMED', 'TX_LATE_LANDING'])
    .where('audit_log.id', '>', after)
    .orderBy('audit_log.id')
    .limit(limit)
    .execute();

/** How many payments failed in a period; without what the owner took back. */
export async function countFailedBetween(db: Db, period: Period): Promise<number> {
  const { n } = await ownPayments(db, period)
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('audit_log.event_type', '=', 'TX_FAILED')
    .executeTakeFirstOrThrow();
  return n;
}
