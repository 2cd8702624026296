import type { AgentId, AuditEvent } from '@waiaas/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { AuditRow } from '../audit-chain.ts';
import type { Db } from '../query-executor.ts';
import { isOfRareKind } from './audit-log.ts';

/*
 * What auto-stop looks at: what agents did, from rows of the audit log, so that a crash forgets nothing (05 §4). Each
 * question is bounded by time or by the row it starts after, so that none costs more the longer the history is.
 */

/** Rows about what an agent has done itself; what the owner takes back from it is no doing of its own. */
const isOwnDoing = (): RawBuilder<SqlBool> =>
  sql<SqlBool>`NOT EXISTS (SELECT 1 FROM transactions t WHERE t.id = audit_log.tx_id AND t.recall_id IS NOT NULL)`;

/**
 * Rows from after the machine's clock was last accepted as it is: what was dated before that may lie in the future, and
 * nothing could then be called the last hour, nor one row the newest by its time.
 */
const isDatedWell = (): RawBuilder<SqlBool> =>
  sql<SqlBool>`audit_log.id >= (SELECT coalesce(max(accepted.id), 0) FROM audit_log accepted WHERE accepted.event_type = 'CLOCK_ACCEPTED' AND ${isOfRareKind('accepted')})`;

/** That a payment was asked for, succeeded or failed. */
export interface PaymentEvent {
  /** Of the audit row. */
  readonly id: number;
  readonly event_type: string;
  readonly agent_id: string | null;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** What happened to payments after an audit row, oldest first. */
export const listPaymentEvents = (db: Db, after: number, limit: number): Promise<PaymentEvent[]> =>
  db
    .selectFrom('audit_log')
    .select(['id', 'event_type', 'agent_id', 'timestamp'])
    .where('id', '>', after)
    .where('event_type', 'in', ['TX_REQUESTED', 'TX_CONFIRMED', 'TX_FAILED'])
    .where(isOwnDoing())
    .orderBy('id')
    .limit(limit)
    .execute();

/** Audit rows of some kinds about an agent since the clock was last accepted, newest first. */
export const listAgentEvents = (
  db: Db,
  agentId: AgentId,
  query: {
    readonly events: readonly AuditEvent[];
    /** Rows before that one only. */
    readonly before?: number;
    /** Unix seconds; rows from then on only. */
    readonly since?: number;
    readonly limit: number;
  },
): Promise<AuditRow[]> => {
  let select = db
    .selectFrom('audit_log')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('event_type', 'in', query.events)
    .where(isOwnDoing())
    .where(isDatedWell());
  if (query.before !== undefined) select = select.where('id', '<', query.before);
  if (query.since !== undefined) select = select.where('timestamp', '>=', query.since);
  return select.orderBy('timestamp', 'desc').orderBy('id', 'desc').limit(query.limit).execute();
};

/** Where a stretch of an agent's life begins: after a moment, Unix seconds, and after an audit row. */
export interface ActivityStart {
  readonly time: number;
  readonly row: number;
}

/** Payments that an agent has asked for since then, whatever became of them. */
export async function countRequestedSince(db: Db, agentId: AgentId, { time, row }: ActivityStart): Promise<number> {
  const { n } = await db
    .selectFrom('audit_log')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where('timestamp', '>', time)
    .where('event_type', '=', 'TX_REQUESTED')
    .where('id', '>', row)
    .where(isOwnDoing())
    .where(isDatedWell())
    .executeTakeFirstOrThrow();
  return n;
}

/** The recipient that an agent has paid most often since then; undefined when it has paid nobody. */
export const findTopRecipient = (
  db: Db,
  agentId: AgentId,
  { time, row }: ActivityStart,
): Promise<{ to_address: string; n: number } | undefined> =>
  db
    .selectFrom('audit_log')
    .innerJoin('transactions', 'transactions.id', 'audit_log.tx_id')
    .select(['transactions.to_address', (eb) => eb.fn.countAll<number>().as('n')])
    .where('audit_log.agent_id', '=', agentId)
    .where('audit_log.timestamp', '>', time)
    .where('audit_log.event_type', '=', 'TX_CONFIRMED')
    .where('audit_log.id', '>', row)
    .where('transactions.recall_id', 'is', null)
    .where(isDatedWell())
    .groupBy('transactions.to_address')
    .orderBy('n', 'desc')
    .orderBy('transactions.to_address')
    .limit(1)
    .executeTakeFirst();

/** Whether a rule has warned about an agent since a moment, Unix seconds. */
export async function hasWarnedSince(db: Db, agentId: string, ruleId: string, since: number): Promise<boolean> {
  const row = await db
    .selectFrom('audit_log')
    .select('id')
    .where('agent_id', '=', agentId)
    .where('timestamp', '>=', since)
    .where('event_type', '=', 'AUTO_STOP_WARN')
    .where(sql<string>`json_extract(details, '$.ruleId')`, '=', ruleId)
    .where(isDatedWell())
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
