import {
  type AuditEntry,
  type AuditLogQuery,
  type AuditLogResponse,
  type AuditVerification,
  type Clock,
  isoFromSeconds,
  type Logger,
  type RowSealer,
  unixSeconds,
} from '@waiaas/core';
import { type AuditRow, appendAudit, listAudit, readAuditHead, type Storage } from '@waiaas/storage';
import { adoptRows } from './adopt-rows.ts';
import { anchorLine, parseAnchors } from './anchor-lines.ts';
import { verifyAuditLog } from './verify-audit-log.ts';

/** Where heads of the audit log are kept outside the database, oldest first. */
export interface AnchorStore {
  /** What findings call it. */
  readonly name: string;
  /** Everything kept so far; empty when there is nothing. */
  read(): Promise<string>;
  /** Resolves once the line is on disk. */
  append(line: string): Promise<void>;
}

/** What the audit trail works with. */
export interface AuditTrailDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly anchors: AnchorStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The audit log as its readers see it, and the proof that it is whole (05, 09 no. 5). */
export interface AuditTrail {
  list(query: AuditLogQuery): Promise<AuditLogResponse>;
  /**
   * Checks all of it.
   * @param onRow given every row that is checked, none left out, as an index may
   * @throws WaiaasError KEYSTORE_LOCKED
   */
  verify(onRow?: (row: AuditRow) => void): Promise<AuditVerification>;
  /**
   * Right after the vault was opened: records which rows no seal has covered so far. They are of a time when the vault was
   * locked, or somebody else's; from here on the head covers them, and this row says that it did not before. Those that
   * only an open vault could have written are reported as a break of the log.
   */
  adopt(): Promise<void>;
  /** Says so, once, when the log was changed by somebody else; keeps the present head outside. Run every minute. */
  watch(): Promise<void>;
  /** Whether the log is still as this process has left it. */
  readonly isIntact: boolean;
  /** Epoch ms of the last head that is kept outside; null before the first. */
  readonly anchoredAt: number | null;
}

function detailsOf(row: AuditRow): AuditEntry['details'] {
  const value: unknown = JSON.parse(row.details);
  // Only rows that no daemon has written are anything else.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { value };
}

const toEntry = (row: AuditRow): AuditEntry => ({
  id: row.id,
  timestamp: isoFromSeconds(row.timestamp),
  event: row.event_type,
  actor: row.actor,
  ...(row.agent_id === null ? {} : { agentId: row.agent_id }),
  ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  ...(row.tx_id === null ? {} : { transactionId: row.tx_id }),
  severity: row.severity,
  details: detailsOf(row),
  ...(row.ip_address === null ? {} : { ip: row.ip_address }),
  hash: row.hash,
});

/** Rows carry whole seconds: a moment within one belongs to the next for both ends. */
const seconds = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Math.ceil(Date.parse(time) / 1000);

/** Builds the audit trail. */
export function createAuditTrail(dependencies: AuditTrailDependencies): AuditTrail {
  const { storage, sealer, anchors, clock, logger } = dependencies;
  let told = false;
  let anchored: { readonly version: number; readonly at: number } | null = null;

  async function tellBreak(): Promise<void> {
    if (told || storage.isAuditIntact()) return;
    logger.error({}, 'The audit log was changed by somebody else than this daemon; see "waiaas audit verify"');
    const head = await readAuditHead(storage.read);
    await storage.write(async ({ db, notify }) => {
      await appendAudit(db, unixSeconds(clock), {
        event: 'AUDIT_CHAIN_BROKEN',
        actor: 'system',
        details: { sealedTo: head?.audit_id ?? null, sealedHash: head?.hash ?? null },
      });
      await notify({ event: 'AUDIT_CHAIN_BROKEN', sealedTo: head?.audit_id ?? null });
    });
    told = true;
  }

  async function keepOutside(): Promise<void> {
    const head = await readAuditHead(storage.read);
    if (head === undefined || head.version === anchored?.version) return;
    await anchors.append(anchorLine(head));
    anchored = { version: head.version, at: clock.now() };
  }

  return {
    async list(query) {
      const { event, severity, actor, agentId, sessionId, transactionId, order, limit } = query;
      const rows = await listAudit(storage.read, {
        event,
        severity,
        actor,
        agentId,
        sessionId,
        txId: transactionId,
        from: seconds(query.from),
        to: seconds(query.to),
        cursor: query.cursor === undefined ? undefined : Number(query.cursor),
        order,
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      const next = rows.length > page.length ? page.at(-1) : undefined;
      return { entries: page.map(toEntry), nextCursor: next === undefined ? null : String(next.id) };
    },

    async verify(onRow) {
      const kept = parseAnchors(await anchors.read(), anchors.name);
      return verifyAuditLog({ read: storage.read, sealer, anchors: kept, onRow });
    },

    async adopt() {
      const head = await readAuditHead(storage.read);
      const [last] = await listAudit(storage.read, { order: 'desc', limit: 1 });
      if (head === undefined || last === undefined || last.id <= head.audit_id) return;
      await storage.write((work) => adoptRows(work, unixSeconds(clock)));
    },

    async watch() {
      await tellBreak();
      await keepOutside();
    },

    get isIntact() {
      return storage.isAuditIntact();
    },
    get anchoredAt() {
      return anchored?.at ?? null;
    },
  };
}
