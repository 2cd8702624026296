import type { AuditEvent } from '@waiaas/core';
import type { Db } from '../query-executor.ts';
import { rowsOf } from '../statement.ts';

/** What a payment that was asked for writes, and with it one row of `transactions` and one of `decisions`. */
const ASKED = 'TX_REQUESTED' satisfies AuditEvent;
/** What a payment that was let out of the queue writes, and with it a row of `claim_decisions`. */
const CLAIMED = ['TX_CLAIMED', 'TX_APPROVED'] as const satisfies readonly AuditEvent[];
/** What one that was refused there writes, the same way; in the details, because payments end so for other reasons too. */
const CANCELLED = 'TX_CANCELLED' satisfies AuditEvent;
/** Details of the audit row of a payment that was refused when its time had come. */
export const REFUSED_AT_CLAIM = { atClaim: true } as const;

/*
 * Nothing but the log is gone through, in the order of its primary key; what is looked up for a row, by primary keys as
 * well. Texts within the details are escaped, so that nobody's words look like the mark.
 */
const OF_CLAIM = `CASE WHEN audit_log.event_type IN ('${CLAIMED.join("', '")}')
    OR (audit_log.event_type = '${CANCELLED}' AND instr(audit_log.details, '"atClaim":true') > 0)
  THEN audit_log.tx_id END`;
const OF_PAYMENT = `CASE WHEN audit_log.event_type = '${ASKED}' THEN audit_log.tx_id ELSE ${OF_CLAIM} END`;
const WITNESSES = `SELECT audit_log.id AS auditId, audit_log.event_type AS event, audit_log.tx_id AS transactionId, CASE
    WHEN ${OF_PAYMENT} IS NULL THEN NULL
    WHEN transactions.id IS NULL THEN 'transaction'
    WHEN ${OF_CLAIM} IS NOT NULL AND claim_decisions.tx_id IS NULL AND decisions.standing IS NOT NULL
      AND NOT (transactions.claimed_at IS NOT NULL AND transactions.tier IN ('DELAY', 'APPROVAL')) THEN 'claim'
  END AS lacks
  FROM audit_log
  LEFT JOIN transactions ON transactions.id = ${OF_PAYMENT}
  LEFT JOIN decisions ON decisions.tx_id = ${OF_CLAIM}
  LEFT JOIN claim_decisions ON claim_decisions.tx_id = ${OF_CLAIM}
  WHERE audit_log.id > (SELECT ?) ORDER BY audit_log.id LIMIT (SELECT ?)`;

/** A row of the audit log as a witness of what must be there beside it. */
export interface AuditWitness {
  readonly auditId: number;
  readonly event: string;
  readonly transactionId: string | null;
  /** What is not there although the row says that it was written with it; null where nothing is missing. */
  readonly lacks: 'transaction' | 'claim' | null;
}

/**
 * Rows of the audit log after one of them, in their order, with what each lacks: its transaction, or the record of the claim
 * it tells of. The log is chained and its end sealed, so it knows of payments of which every other row was taken away. What
 * `listUnrecorded` finds is not told again: there the transaction is left, and says itself that it lacks something. A record
 * of a claim is asked for where the decision is of a version that recorded claims.
 */
export const listWitnesses = (db: Db, after: number, limit: number): Promise<AuditWitness[]> =>
  rowsOf(db, WITNESSES, [after, limit]);
