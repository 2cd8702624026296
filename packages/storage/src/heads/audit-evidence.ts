import type { AuditEvent, RowSealer } from '@waiaas/core';
import { AUDIT_CHAIN_START, type AuditRow, auditLink } from '../audit-chain.ts';
import type { Connection } from '../connection.ts';
import type { AuditHeadTable, HeadsTable } from '../schema.ts';
import { auditHeadContent, headContent } from '../seals.ts';
import { decodeHead, type Head } from './head.ts';
import { GLOBAL_SCOPE } from './scope.ts';

/** Changes of what an agent may do, has done or is doing. Its head is sealed with each, in the same commit. */
const OF_AGENTS: ReadonlySet<string> = new Set<AuditEvent>([
  'SESSION_ISSUED',
  'SESSION_REVOKED',
  'SESSION_RENEWED',
  'TX_QUEUED',
  'TX_POSTPONED',
  'TX_APPROVED',
  'TX_CLAIMED',
  'TX_SIGNED',
  'TX_SUBMITTED',
  'TX_REPLACED',
  'TX_WATCHED_ONLY',
  'TX_CONFIRMED',
  'TX_FAILED',
  'TX_CANCELLED',
  'TX_LATE_LANDING',
]);

/** The same of an agent's rules, or of those for all. */
const OF_POLICIES: ReadonlySet<string> = new Set<AuditEvent>([
  'POLICY_CREATED',
  'POLICY_UPDATED',
  'POLICY_DISABLED',
  'POLICY_DELETED',
]);

/** The same of whether an agent may do anything at all, which heads say since later. */
const OF_STATES: ReadonlySet<string> = new Set<AuditEvent>([
  'AGENT_SUSPENDED',
  'AGENT_ACTIVATED',
  'AGENT_TERMINATING',
  'AGENT_TERMINATED',
]);

/** The same of the auto-stop rules, of which the head of what holds for all says since later, whichever agent they are for. */
const OF_AUTO_STOP: ReadonlySet<string> = new Set<AuditEvent>([
  'AUTO_STOP_RULE_CREATED',
  'AUTO_STOP_RULE_UPDATED',
  'AUTO_STOP_RULE_DELETED',
]);

/** The same of the settings, since the head of what holds for all pins which of them are the last ones. */
const SETTINGS: AuditEvent = 'SETTINGS_UPDATED';

/** The scope whose head is sealed anew with an audit row; null where none is. */
export function scopeOfChange(event: string, agentId: string | null): string | null {
  if (OF_AUTO_STOP.has(event) || event === SETTINGS) return GLOBAL_SCOPE;
  if (OF_POLICIES.has(event)) return agentId ?? GLOBAL_SCOPE;
  return agentId !== null && (OF_AGENTS.has(event) || OF_STATES.has(event)) ? agentId : null;
}

/** Rows of the log that are read at a time. */
const PAGE = 1000;
/** Behind every row of the log. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/** What the log tells of the time since all heads were last sealed anew. */
interface Testimony {
  /** Whether it is what was sealed. */
  readonly sound: boolean;
  /** Id of the first row that was read. */
  readonly from: number;
  /** The newest row that tells of a change, by the scope it was in. */
  readonly newest: ReadonlyMap<string, number>;
  /** The same of changes that heads of earlier versions were not sealed with: of states of agents, and of auto-stop rules. */
  readonly later: ReadonlyMap<string, number>;
  /** The newest row that tells of changed settings; 0 where none does. */
  readonly settings: number;
}

const UNSOUND: Testimony = { sound: false, from: 0, newest: new Map(), later: new Map(), settings: 0 };

/** What the audit log says against a head. */
export interface AuditEvidence {
  /**
   * Whether a head is an older one: the log tells of changes that it does not know, or the log itself is not what was
   * sealed, so that it may keep silent about them.
   *
   * @param head what it says: those of earlier versions do not say what state their agent is in, or which auto-stop rules or
   * settings count, and were not sealed when that changed
   * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
   */
  contradicts(row: Pick<HeadsTable, 'scope' | 'audit_id'>, head: Pick<Head, 'agent' | 'marks'>): boolean;
}

/**
 * Reads the audit log as a witness about heads that this process has not sealed itself. Every change of a scope has its row
 * in the log, in the commit that sealed the scope's head. The log is chained, its end is sealed and kept outside the
 * database too, so it does not go back with the rest of an agent unnoticed. The daemon seals all its heads anew now and then,
 * and the head of what holds for all notes where the log was then: the links since that row are followed once in a run. Where
 * no sealed note says so, they are since the oldest head, whatever that is worth. A head from before the row that was begun with
 * is refused, so that neither an older note in the place of a newer one nor a newer one hides anything.
 *
 * What the rows tell is taken in the same pass, in the order in which they are stored: an index on the log is outside every
 * seal, and one that somebody has made to leave rows out would keep silent about them.
 */
export function createAuditEvidence(connection: Connection, sealer: Pick<RowSealer, 'verify'>): AuditEvidence {
  const endOfLog = connection.prepare<[], AuditHeadTable>('SELECT * FROM audit_head WHERE id = 1');
  const known = connection.prepare<[], { oldest: number; newest: number }>(
    'SELECT coalesce(min(audit_id), 0) AS oldest, coalesce(max(audit_id), 0) AS newest FROM heads',
  );
  const global = connection.prepare<[string], HeadsTable>(
    'SELECT scope, version, content, audit_id, seal FROM heads WHERE scope = ?',
  );
  const rowsFrom = connection.prepare<[number, number], AuditRow>(
    `SELECT * FROM audit_log WHERE id >= ? AND id <= ? ORDER BY id LIMIT ${PAGE}`,
  );
  let testimony: Testimony | null = null;

  /** From which row on the log is read, with its link where that is known. */
  function beginning(oldest: number): { readonly auditId: number; readonly hash: string | null } {
    const row = global.get(GLOBAL_SCOPE);
    const isSealed = row !== undefined && sealer.verify(headContent(row), row.seal);
    return (isSealed ? decodeHead(row.content).readFrom : null) ?? { auditId: oldest, hash: null };
  }

  /** The rows from one to another, if they follow each other link by link, up to a link that is given. */
  function readChain({ auditId: from, hash }: ReturnType<typeof beginning>, to: number, end: string): Testimony {
    const [newest, later] = [new Map<string, number>(), new Map<string, number>()];
    let settings = 0;
    const take = ({ id, event_type, agent_id }: AuditRow): void => {
      const scope = scopeOfChange(event_type, agent_id);
      if (scope === null) return;
      if (event_type === SETTINGS) settings = id;
      else (OF_STATES.has(event_type) || OF_AUTO_STOP.has(event_type) ? later : newest).set(scope, id);
    };
    let link = AUDIT_CHAIN_START;
    let next = from;
    for (let page = rowsFrom.all(next, to); page.length > 0; page = rowsFrom.all(next, to)) {
      for (const row of page) {
        // A note of another copy of the file can name a row that is another one here.
        if (row.id === from && (hash ?? row.hash) === row.hash) link = row.hash;
        else if (auditLink(link, row) === row.hash) link = row.hash;
        else return UNSOUND;
        take(row);
        next = row.id + 1;
      }
    }
    if (next !== to + 1 || link !== end) return UNSOUND;
    // Rows behind the sealed end are of a time in which the vault was locked, or the end was put back: they testify as well.
    for (let page = rowsFrom.all(next, NEWEST); page.length > 0; page = rowsFrom.all(next, NEWEST)) {
      for (const row of page) {
        take(row);
        next = row.id + 1;
      }
    }
    return { sound: true, from, newest, later, settings };
  }

  function hear(): Testimony {
    const { oldest, newest } = known.get() ?? { oldest: 0, newest: 0 };
    const end = endOfLog.get();
    // Before the first row of the log there is no end of it to be sealed.
    if (end === undefined) return newest === 0 ? { ...UNSOUND, sound: true } : UNSOUND;
    if (!sealer.verify(auditHeadContent(end), end.seal) || end.audit_id < newest) return UNSOUND;
    try {
      return readChain(beginning(oldest), end.audit_id, end.hash);
    } catch (error) {
      // A row that cannot even be encoded was written by somebody else.
      if (error instanceof TypeError) return UNSOUND;
      throw error;
    }
  }

  return {
    contradicts({ scope, audit_id }, { agent, marks }) {
      testimony ??= hear();
      const { sound, from, newest, later, settings } = testimony;
      // A head that is older than all there were when the log was read has been put back since.
      if (!sound || audit_id < from || (newest.get(scope) ?? 0) > audit_id) return true;
      if ((agent !== null || marks.has('autoStop')) && (later.get(scope) ?? 0) > audit_id) return true;
      return marks.has('settings') && settings > audit_id;
    },
  };
}
