import type { AuditEvent, RowSealer } from '@waiaas/core';
import { AUDIT_CHAIN_START, type AuditRow, auditLink } from '../audit-chain.ts';
import type { Connection } from '../connection.ts';
import type { AuditHeadTable, HeadsTable } from '../schema.ts';
import { auditHeadContent } from '../seals.ts';
import { GLOBAL_SCOPE } from './scope.ts';

/** Changes of what an agent may do, has done or is doing. Its head is sealed with each, in the same commit. */
const OF_AGENTS: readonly AuditEvent[] = [
  'SESSION_ISSUED',
  'SESSION_REVOKED',
  'SESSION_RENEWED',
  'TX_QUEUED',
  'TX_POSTPONED',
  'TX_APPROVED',
  'TX_CLAIMED',
  'TX_SIGNED',
  'TX_SUBMITTED',
  'TX_CONFIRMED',
  'TX_FAILED',
  'TX_CANCELLED',
  'TX_LATE_LANDING',
];

/** The same of an agent's rules, or of those for all. */
const OF_POLICIES: readonly AuditEvent[] = ['POLICY_CREATED', 'POLICY_UPDATED', 'POLICY_DISABLED', 'POLICY_DELETED'];

/** The scope whose head is sealed anew with an audit row; null where none is. */
export function scopeOfChange(event: AuditEvent, agentId: string | null): string | null {
  if (OF_POLICIES.includes(event)) return agentId ?? GLOBAL_SCOPE;
  return agentId !== null && OF_AGENTS.includes(event) ? agentId : null;
}

const quoted = (events: readonly AuditEvent[]): string => events.map((event) => `'${event}'`).join(', ');

const LATER_OF_AGENT = `SELECT 1 FROM audit_log INDEXED BY idx_audit_log_agent
  WHERE agent_id = ? AND id > ? AND event_type IN (${quoted([...OF_AGENTS, ...OF_POLICIES])}) LIMIT 1`;
const LATER_OF_ALL = `SELECT 1 FROM audit_log INDEXED BY idx_audit_log_event_type
  WHERE event_type IN (${quoted(OF_POLICIES)}) AND id > ? AND agent_id IS NULL LIMIT 1`;

/** Rows of the log that are read at a time. */
const PAGE = 1000;

/** What the audit log says against a head. */
export interface AuditEvidence {
  /**
   * Whether a head is an older one: the log tells of changes that it does not know, or the log itself is not what was
   * sealed, so that it may keep silent about them.
   *
   * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
   */
  contradicts(head: Pick<HeadsTable, 'scope' | 'audit_id'>): boolean;
}

/**
 * Reads the audit log as a witness about heads that this process has not sealed itself. Every change of a scope has its row
 * in the log, in the commit that sealed the scope's head. The log is chained, its end is sealed and kept outside the
 * database too, so it does not go back with the rest of an agent unnoticed. The links since the oldest head are followed
 * once in a run of the daemon; the daemon seals its heads anew at every start, so that this stays short.
 */
export function createAuditEvidence(connection: Connection, sealer: Pick<RowSealer, 'verify'>): AuditEvidence {
  const endOfLog = connection.prepare<[], AuditHeadTable>('SELECT * FROM audit_head WHERE id = 1');
  const known = connection.prepare<[], { oldest: number; newest: number }>(
    'SELECT coalesce(min(audit_id), 0) AS oldest, coalesce(max(audit_id), 0) AS newest FROM heads',
  );
  const rowsFrom = connection.prepare<[number, number], AuditRow>(
    `SELECT * FROM audit_log WHERE id >= ? AND id <= ? ORDER BY id LIMIT ${PAGE}`,
  );
  const laterOfAgent = connection.prepare<unknown[]>(LATER_OF_AGENT);
  const laterOfAll = connection.prepare<unknown[]>(LATER_OF_ALL);
  let sound: boolean | null = null;

  /** Whether the rows from one to another follow each other link by link, up to a link that is given. */
  function isChained(from: number, to: number, end: string): boolean {
    let link = AUDIT_CHAIN_START;
    let next = from;
    for (let page = rowsFrom.all(next, to); page.length > 0; page = rowsFrom.all(next, to)) {
      for (const row of page) {
        if (row.id === from) link = row.hash;
        else if (auditLink(link, row) === row.hash) link = row.hash;
        else return false;
        next = row.id + 1;
      }
    }
    return next === to + 1 && link === end;
  }

  function isSound(): boolean {
    const { oldest, newest } = known.get() ?? { oldest: 0, newest: 0 };
    const end = endOfLog.get();
    // Before the first row of the log there is no end of it to be sealed.
    if (end === undefined) return newest === 0;
    if (!sealer.verify(auditHeadContent(end), end.seal) || end.audit_id < newest) return false;
    try {
      return isChained(oldest, end.audit_id, end.hash);
    } catch (error) {
      // A row that cannot even be encoded was written by somebody else.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  return {
    contradicts({ scope, audit_id }) {
      sound ??= isSound();
      if (!sound) return true;
      const later = scope === GLOBAL_SCOPE ? laterOfAll.get(audit_id) : laterOfAgent.get(scope, audit_id);
      return later !== undefined;
    },
  };
}
