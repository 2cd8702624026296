import { type AuditEvent, type AuditSeverity, toJson } from '@waiaas/core';
import type { Db } from '../query-executor.ts';

/** One audit row (01 §2.3). */
export interface AuditEntry {
  readonly event: AuditEvent;
  /** `agent:<id>`, `owner:<address>`, `operator`, `system` or `cli`. */
  readonly actor: string;
  readonly agentId?: string;
  readonly sessionId?: string;
  readonly txId?: string;
  /** Never a secret; bigint allowed. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly severity?: AuditSeverity;
  readonly ip?: string;
  /** What the owner signed for it; kept with the details, so that it can be verified again. */
  readonly evidence?: { readonly message: string; readonly signature: string };
}

/** Events that are more than routine, unless an entry says otherwise (01 §2.4). */
const SEVERITY: Readonly<Partial<Record<AuditEvent, AuditSeverity>>> = {
  AGENT_SUSPENDED: 'warning',
  TX_FAILED: 'warning',
  TX_LATE_LANDING: 'critical',
  POLICY_VIOLATION: 'warning',
  POLICY_DELETED: 'warning',
  SEAL_BROKEN: 'critical',
  OWNER_CONNECTED: 'warning',
  OWNER_CHANGED: 'warning',
  OWNER_DISCONNECTED: 'warning',
  PASSWORD_CHANGED: 'warning',
  SECRET_ROTATED: 'warning',
  PREVIOUS_SECRET_EXPIRED: 'info',
  KILL_SWITCH_ACTIVATED: 'critical',
  KILL_SWITCH_RECOVERED: 'critical',
  CLOCK_SET_BACK: 'critical',
  CLOCK_GAP: 'warning',
  CLOCK_ACCEPTED: 'critical',
  DAEMON_FORCED_SHUTDOWN: 'critical',
  DAEMON_CRASH: 'critical',
  DAEMON_UNHANDLED_REJECTION: 'critical',
  AUTH_FAILED: 'warning',
  RATE_LIMIT_EXCEEDED: 'warning',
};

/** Appends an audit row. Call it in the unit of work of the change it records, so that neither exists without the other. */
export async function appendAudit(db: Db, now: number, entry: AuditEntry): Promise<void> {
  await db
    .insertInto('audit_log')
    .values({
      timestamp: now,
      event_type: entry.event,
      actor: entry.actor,
      agent_id: entry.agentId ?? null,
      session_id: entry.sessionId ?? null,
      tx_id: entry.txId ?? null,
      details: toJson({ ...entry.details, ...(entry.evidence === undefined ? {} : { signed: entry.evidence }) }),
      severity: entry.severity ?? SEVERITY[entry.event] ?? 'info',
      ip_address: entry.ip ?? null,
    })
    .execute();
}

/**
 * The latest time of any audit row, Unix seconds: time has been as late as that. Rows from before the machine's clock was
 * accepted as it is do not count. Null when there is none.
 */
export async function latestAuditTime(db: Db): Promise<number | null> {
  const row = await db
    .selectFrom('audit_log')
    .select((eb) => eb.fn.max('timestamp').as('latest'))
    .where('id', '>=', (eb) =>
      eb
        .selectFrom('audit_log as accepted')
        .select((sub) => sub.fn.coalesce(sub.fn.max('accepted.id'), sub.lit(0)).as('id'))
        .where('accepted.event_type', '=', 'CLOCK_ACCEPTED'),
    )
    .executeTakeFirst();
  return row?.latest ?? null;
}
