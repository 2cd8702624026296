import type { AuditFault, AuditFinding, AuditVerification } from '@waiaas/core';
import { AUDIT_CHAIN_START, type AuditHead, type AuditRow, auditLink } from '@waiaas/storage';
import { isOfOpenVault } from './sealed-events.ts';

/** A head from outside the database, and where it was found. */
export interface AuditAnchor {
  readonly head: AuditHead;
  /** Such as `audit-heads.log:12`. */
  readonly source: string;
}

/** What the rows are checked against. */
export interface AuditCheckOptions {
  readonly head: AuditHead | undefined;
  readonly anchors: readonly AuditAnchor[];
  /** Where a line was that is no head. */
  readonly unreadableAnchors?: readonly string[];
  /** Whether a head was sealed under this vault; null when there is no vault at hand. */
  readonly isAuthentic: ((head: AuditHead) => boolean) | null;
}

/** A check of the audit log, row by row. */
export interface AuditCheck {
  /** Takes the next row, in the order of their ids. */
  add(row: AuditRow): void;
  /** @param end the sealed head after the last row was read, where a daemon may have gone on writing meanwhile */
  finish(end?: AuditHead): AuditVerification;
}

/** Faults that are told one by one; a log that is all wrong needs no million lines. */
const TOLD = 100;

/** The link that a row should have after another one; null for a row that no daemon writes. */
export const linkOf = (previous: string, row: AuditRow): string | null => {
  try {
    return auditLink(previous, row);
  } catch (error) {
    // A number that no daemon writes.
    if (error instanceof TypeError) return null;
    throw error;
  }
};

/**
 * Checks that an audit log is whole: every row fits the one before it, none is missing, and the log reaches as far as its
 * sealed head and every head kept outside the database say (09 no. 5). The first wrong row is named; the check goes on
 * behind it, so that a second change shows, too.
 *
 * Links alone find edits, deletions and moves by someone who does not know how links are made; the heads find the rest.
 * What was appended while the vault was locked is covered by links only, until the next head; what says of itself that it
 * was not, and lies behind the head, is somebody else's.
 *
 * @example
 * const check = createAuditCheck({ head, anchors, isAuthentic });
 * for (const row of rows) check.add(row);
 * const { intact, findings } = check.finish();
 */
export function createAuditCheck(options: AuditCheckOptions): AuditCheck {
  const { head, anchors, unreadableAnchors = [], isAuthentic } = options;
  const findings: AuditFinding[] = [];
  let faults = 0;
  const find = (fault: AuditFault, auditId: number, text: string): void => {
    faults += 1;
    if (findings.length < TOLD) findings.push({ fault, auditId, text });
  };

  /** Heads that are worth comparing, by the row they name. */
  const claims = new Map<number, AuditAnchor[]>();
  const trust = (anchor: AuditAnchor): boolean => {
    const { head, source } = anchor;
    if (isAuthentic !== null && !isAuthentic(head)) {
      find('HEAD_FORGED', head.audit_id, `The head in ${source} was not sealed by a daemon with this vault`);
      return false;
    }
    claims.set(head.audit_id, [...(claims.get(head.audit_id) ?? []), anchor]);
    return true;
  };
  const stored = head === undefined ? null : { head, source: 'the database' };
  const storedHolds = stored !== null && trust(stored);
  const trusted = anchors.filter(trust);
  for (const source of unreadableAnchors) find('ANCHOR_UNREADABLE', 0, `${source} is not a head of an audit log`);

  let rows = 0;
  let firstId: number | null = null;
  let lastId: number | null = null;
  let previous = AUDIT_CHAIN_START;
  /** The last row that says of itself that it was written with an open vault. */
  let lastOfVault: AuditRow | null = null;

  /** Such rows are covered in their own commit: behind the head they are somebody else's. */
  function checkTail(end: AuditHead | undefined): void {
    if (stored === null || lastOfVault === null) return;
    const isGood = end !== undefined && (isAuthentic === null || isAuthentic(end));
    const { id, event_type } = lastOfVault;
    if (id <= stored.head.audit_id || (isGood && id <= end.audit_id)) return;
    find('ROWS_UNSEALED', id, `Row ${id} (${event_type}) is written under a seal only, and is under none`);
  }

  function checkEnd(): void {
    // Rows that a head has seen and that did not come by.
    for (const { head, source } of [...claims.values()].flat()) {
      const end = lastId ?? 0;
      const at = `${source} has seen row ${head.audit_id}`;
      if (head.audit_id > end) find('TRUNCATED', head.audit_id, `The log ends at row ${end}; ${at}`);
      else find('ROWS_MISSING', head.audit_id, `Row ${head.audit_id} is missing; ${at}`);
    }
    if (stored === null && rows > 0) find('HEAD_MISSING', lastId ?? 0, 'The log has rows and no sealed head');
    for (const { head: outside, source } of trusted) {
      if (stored !== null && outside.version > stored.head.version) {
        const text = `The sealed head is version ${stored.head.version}; ${source} has seen version ${outside.version}`;
        find('HEAD_ROLLED_BACK', outside.audit_id, text);
      }
    }
  }

  return {
    add(row) {
      if (linkOf(previous, row) !== row.hash) {
        const before = lastId ?? 0;
        if (row.id !== before + 1) find('ROWS_MISSING', row.id, `Row ${row.id} does not follow row ${before}`);
        else
          find('ROW_ALTERED', row.id, `Row ${row.id} (${row.event_type}) is not what was written after row ${before}`);
      }
      for (const { head, source } of claims.get(row.id) ?? []) {
        if (head.hash === row.hash) continue;
        find('HEAD_CONTRADICTS', row.id, `Row ${row.id} is another one than ${source} has seen`);
      }
      claims.delete(row.id);
      if (row.event_type === 'AUDIT_CHAIN_BROKEN') {
        find('BREAK_RECORDED', row.id, `Row ${row.id} says that the daemon found the log changed`);
      }
      if (isOfOpenVault(row.event_type)) lastOfVault = row;
      rows += 1;
      firstId ??= row.id;
      lastId = row.id;
      previous = row.hash;
    },
    finish(end) {
      checkEnd();
      checkTail(end);
      return {
        intact: faults === 0,
        rows,
        firstId,
        lastId,
        lastHash: previous,
        sealedTo: storedHolds ? (stored?.head.audit_id ?? null) : null,
        sealsChecked: isAuthentic !== null,
        anchors: anchors.length,
        findings: [...findings].sort((a, b) => a.auditId - b.auditId),
        faults,
      };
    },
  };
}
