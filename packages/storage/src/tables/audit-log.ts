import { type AuditEvent, type AuditSeverity, type RowSealer, toJson } from '@waiaas/core';
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import { AUDIT_CHAIN_START, type AuditRow, auditLink } from '../audit-chain.ts';
import { scopeOfChange } from '../heads/audit-evidence.ts';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import type { AuditHeadTable } from '../schema.ts';
import { auditHeadContent } from '../seals.ts';
import { changeRows, firstOf } from '../statement.ts';
import { notifyBy } from '../unit-events.ts';

/** One audit row (01 §2.3). */
export interface AuditEntry {
  readonly event: AuditEvent;
  /** `agent:<id>`, `owner:<address>`, `owner_telegram`, `operator`, `system` or `cli`. */
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
  AGENT_TERMINATING: 'warning',
  AGENT_TERMINATED: 'warning',
  LATE_DEPOSIT: 'warning',
  RECALL_REQUESTED: 'warning',
  AGENT_KEY_EXPORTED: 'warning',
  AGENT_KEY_IMPORTED: 'warning',
  BACKUP_RESTORED: 'critical',
  TX_FAILED: 'warning',
  TX_LATE_LANDING: 'critical',
  POLICY_VIOLATION: 'warning',
  POLICY_DELETED: 'warning',
  SEAL_BROKEN: 'critical',
  AUDIT_CHAIN_BROKEN: 'critical',
  AUDIT_ROWS_ADOPTED: 'warning',
  TELEGRAM_PAIRED: 'warning',
  TELEGRAM_UNPAIRED: 'warning',
  OWNER_CONNECTED: 'warning',
  OWNER_CHANGED: 'warning',
  OWNER_DISCONNECTED: 'warning',
  PASSWORD_CHANGED: 'warning',
  SETTINGS_UPDATED: 'warning',
  SECRET_ROTATED: 'warning',
  PREVIOUS_SECRET_EXPIRED: 'info',
  KILL_SWITCH_ACTIVATED: 'critical',
  KILL_SWITCH_RECOVERY_STARTED: 'critical',
  KILL_SWITCH_RECOVERY_FAILED: 'critical',
  KILL_SWITCH_RECOVERED: 'critical',
  CLOCK_SET_BACK: 'critical',
  CLOCK_GAP: 'warning',
  CLOCK_ACCEPTED: 'critical',
  KILL_SWITCH_LOCK_FAILED: 'critical',
  AUTO_STOP_WARN: 'warning',
  AUTO_STOP_SUSPEND: 'critical',
  AUTO_STOP_KILL_SWITCH: 'critical',
  AUTO_STOP_RULE_CREATED: 'warning',
  AUTO_STOP_RULE_UPDATED: 'warning',
  AUTO_STOP_RULE_DELETED: 'warning',
  CIRCUIT_OPENED: 'warning',
  DAEMON_FORCED_SHUTDOWN: 'critical',
  DAEMON_CRASH: 'critical',
  DAEMON_UNHANDLED_REJECTION: 'critical',
  AUTH_FAILED: 'warning',
  RATE_LIMIT_EXCEEDED: 'warning',
};

type End = Pick<AuditRow, 'id' | 'hash'>;

/** What every payment that is carried out writes. Of these the log is full, and no index finds them by their kind. */
const OF_EVERY_PAYMENT: ReadonlySet<string> = new Set<AuditEvent>([
  'TX_REQUESTED',
  'TX_SESSION_CHECK',
  'TX_QUEUED',
  'TX_SIGNED',
  'TX_SUBMITTED',
  'TX_CONFIRMED',
]);

/**
 * Of rows of the other kinds, in the very words of the partial index over them: SQLite takes it for nothing else.
 * @param table what the query calls the audit log
 */
export const isOfRareKind = (table: 'audit_log' | 'accepted' = 'audit_log'): RawBuilder<SqlBool> =>
  sql<SqlBool>`(${sql.join(
    [...OF_EVERY_PAYMENT].map((event) => sql`${sql.ref(`${table}.event_type`)} <> ${sql.lit(event)}`),
    sql` AND `,
  )})`;

/** The end of the log as a unit of work has left it, so that a second row of the unit need not look again. */
const ends = new WeakMap<Db, End>();

const END = 'SELECT id, hash FROM audit_log ORDER BY id DESC LIMIT 1';
const APPEND = `INSERT INTO audit_log
  (id, timestamp, event_type, actor, agent_id, session_id, tx_id, details, severity, ip_address, hash)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const readEnd = (db: Db): Promise<End | undefined> => firstOf(db, END);

/**
 * Appends an audit row and links it to the one before it. Call it in the unit of work of the change it records, so that
 * neither exists without the other. The head of what was changed is sealed with it, for the row to testify against any
 * older one.
 */
export async function appendAudit(db: Db, now: number, entry: AuditEntry): Promise<void> {
  const scope = scopeOfChange(entry.event, entry.agentId ?? null);
  if (scope !== null) headsOf(db).renew(scope);
  const end = ends.get(db) ?? (await readEnd(db));
  const row = {
    id: (end?.id ?? 0) + 1,
    timestamp: now,
    event_type: entry.event,
    actor: entry.actor,
    agent_id: entry.agentId ?? null,
    session_id: entry.sessionId ?? null,
    tx_id: entry.txId ?? null,
    details: toJson({ ...entry.details, ...(entry.evidence === undefined ? {} : { signed: entry.evidence }) }),
    severity: entry.severity ?? SEVERITY[entry.event] ?? 'info',
    ip_address: entry.ip ?? null,
  };
  const hash = auditLink(end?.hash ?? AUDIT_CHAIN_START, row);
  // In the order of the columns above.
  await changeRows(db, APPEND, [...Object.values(row), hash]);
  ends.set(db, { id: row.id, hash });
  if (entry.event === 'SEAL_BROKEN') await tellBrokenSeal(db, entry);
}

/** The owner is told of every broken seal, whoever has found it. */
function tellBrokenSeal(db: Db, { agentId, sessionId, txId, details = {} }: AuditEntry): Promise<void> {
  const what = typeof details.what === 'string' ? details.what : 'record';
  const id = what === 'session' ? sessionId : what === 'policy' ? undefined : txId;
  return notifyBy(db, { event: 'SEAL_BROKEN', what, id: id ?? null, agentId: agentId ?? null });
}

/** Rows at the end of the log in which the latest time is looked for without an index. */
const NEWEST = 1000;

/**
 * The latest time of any audit row, Unix seconds: time has been as late as that. Rows from before the machine's clock was
 * accepted as it is do not count. Null when there is none.
 *
 * Time only goes on in the log, so that its end knows the latest: read as it is stored, because an index can have been made
 * to leave rows out. Behind that end somebody else may have put any number of rows; when the log was last sealed they cannot
 * put back, without the seal telling once the vault is open.
 */
export async function latestAuditTime(db: Db): Promise<number | null> {
  const newest = await db
    .selectFrom('audit_log')
    .select(['timestamp', 'event_type'])
    .orderBy('id', 'desc')
    .limit(NEWEST)
    .execute();
  const accepted = newest.findIndex(({ event_type }) => event_type === 'CLOCK_ACCEPTED');
  const counted = (accepted === -1 ? newest : newest.slice(0, accepted + 1)).map(({ timestamp }) => timestamp);
  const older = accepted === -1 && newest.length === NEWEST ? await latestBefore(db) : null;
  const times = older === null ? counted : [...counted, older];
  return times.length === 0 ? null : Math.max(...times);
}

/** When the log was last sealed, unless the clock was accepted since; where it never was, the latest time of all its rows. */
async function latestBefore(db: Db): Promise<number | null> {
  const head = await readAuditHead(db);
  if (head === undefined) return latestOfAll(db);
  return (await findLastAudit(db, ['CLOCK_ACCEPTED'], head.audit_id)) === undefined ? head.sealed_at : null;
}

async function latestOfAll(db: Db): Promise<number | null> {
  const row = await db
    .selectFrom('audit_log')
    .select((eb) => eb.fn.max('timestamp').as('latest'))
    .where('id', '>=', (eb) =>
      eb
        .selectFrom('audit_log as accepted')
        .select((sub) => sub.fn.coalesce(sub.fn.max('accepted.id'), sub.lit(0)).as('id'))
        .where('accepted.event_type', '=', 'CLOCK_ACCEPTED')
        .where(isOfRareKind('accepted')),
    )
    .executeTakeFirst();
  return row?.latest ?? null;
}

/** Which audit rows to list, and where to start. Everything given narrows the list. */
export interface AuditQuery {
  readonly event?: string | undefined;
  readonly severity?: AuditSeverity | undefined;
  readonly actor?: string | undefined;
  readonly agentId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly txId?: string | undefined;
  /** Unix seconds, inclusive. */
  readonly from?: number | undefined;
  /** Unix seconds, exclusive. */
  readonly to?: number | undefined;
  /** Id of the last row of the page before. */
  readonly cursor?: number | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Rows of an agent up to which all of them are sorted for a page. */
const FEW = 2000;

/** Whether an agent has more rows than that: then a page of them is found by looking through the log in its order. */
const hasMany = async (db: Db, agentId: string): Promise<boolean> =>
  (await firstOf(db, 'SELECT 1 FROM audit_log WHERE agent_id = ? LIMIT 1 OFFSET ?', [agentId, FEW])) !== undefined;

/** A page of the audit log, in the order the rows were written. */
export async function listAudit(db: Db, query: AuditQuery): Promise<AuditRow[]> {
  let select = db.selectFrom('audit_log').selectAll();
  if (query.event !== undefined) {
    select = select.where('event_type', '=', query.event);
    if (!OF_EVERY_PAYMENT.has(query.event)) select = select.where(isOfRareKind());
  }
  if (query.severity !== undefined) select = select.where('severity', '=', query.severity);
  if (query.actor !== undefined) select = select.where('actor', '=', query.actor);
  if (query.agentId !== undefined) {
    const column = (await hasMany(db, query.agentId)) ? sql<string>`+agent_id` : sql.ref<string>('agent_id');
    select = select.where(column, '=', query.agentId);
  }
  if (query.sessionId !== undefined) select = select.where('session_id', '=', query.sessionId);
  if (query.txId !== undefined) select = select.where('tx_id', '=', query.txId);
  if (query.from !== undefined) select = select.where('timestamp', '>=', query.from);
  if (query.to !== undefined) select = select.where('timestamp', '<', query.to);
  if (query.cursor !== undefined) select = select.where('id', query.order === 'desc' ? '<' : '>', query.cursor);
  return select.orderBy('id', query.order).limit(query.limit).execute();
}

/** Rows after one of them, oldest first: for reading the whole log in pieces. */
export const listAuditAfter = (db: Db, id: number, limit: number): Promise<AuditRow[]> =>
  db.selectFrom('audit_log').selectAll().where('id', '>', id).orderBy('id').limit(limit).execute();

/** One row of the audit log. */
export const findAudit = (db: Db, id: number): Promise<AuditRow | undefined> =>
  db.selectFrom('audit_log').selectAll().where('id', '=', id).executeTakeFirst();

/**
 * The newest of some kinds of audit row. Decides what is believed, so it reads the log from its end as it is stored: an
 * index can have been made to leave rows out. Where there is none, that is the whole log, or what of it lies after a row.
 */
export const findLastAudit = (db: Db, events: readonly AuditEvent[], after = 0): Promise<AuditRow | undefined> =>
  db
    .selectFrom('audit_log')
    .selectAll()
    // With the sign, SQLite takes no index for it.
    .where(sql<string>`+event_type`, 'in', events)
    .where('id', '>', after)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

/** The sealed end of the audit log. */
export type AuditHead = Omit<Selectable<AuditHeadTable>, 'id'>;

/** The head as it is stored; undefined before anything was sealed. */
export const readAuditHead = (db: Db): Promise<AuditHead | undefined> =>
  db.selectFrom('audit_head').select(['version', 'audit_id', 'hash', 'sealed_at', 'seal']).executeTakeFirst();

/** Whether a head was sealed by a daemon with this vault. */
export const isAuditHeadAuthentic = (sealer: Pick<RowSealer, 'verify'>, head: AuditHead): boolean =>
  sealer.verify(auditHeadContent(head), head.seal);

/** Whether one of some kinds of audit row was ever written, about a transaction where one is named. */
export async function hasAuditEvent(db: Db, events: readonly AuditEvent[], txId?: string): Promise<boolean> {
  let select = db.selectFrom('audit_log').select('id').where('event_type', 'in', events);
  if (!events.some((event) => OF_EVERY_PAYMENT.has(event))) select = select.where(isOfRareKind());
  if (txId !== undefined) select = select.where('tx_id', '=', txId);
  return (await select.limit(1).executeTakeFirst()) !== undefined;
}

/** The newest audit row of a kind about a transaction, looked for from the end of the log as it is stored. */
export const findAuditOf = (db: Db, event: AuditEvent, txId: string): Promise<AuditRow | undefined> =>
  db
    .selectFrom('audit_log')
    .selectAll()
    .where(sql<string>`+event_type`, '=', event)
    .where('tx_id', '=', txId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

/**
 * Makes the indexes of what a database of an earlier version is adopted by anew, from the rows themselves. It takes about a
 * second for a million rows, once.
 */
export async function rebuildEvidence(db: Db): Promise<void> {
  for (const table of ['audit_log', 'spend_ledger', 'transactions', 'decisions', 'claim_decisions', 'heads'] as const) {
    await sql`REINDEX ${sql.table(table)}`.execute(db);
  }
}

/** How many rows of each kind were written after one of them, and which the last one is. */
export const countAuditAfter = (db: Db, id: number): Promise<{ event_type: string; n: number; last: number }[]> =>
  db
    .selectFrom('audit_log')
    .select((eb) => ['event_type', eb.fn.countAll<number>().as('n'), eb.fn.max<number>('id').as('last')])
    .where('id', '>', id)
    .groupBy('event_type')
    .execute();
