import { type Clock, isWaiaasError, type RowSealer, unixSeconds } from '@waiaas/core';
import type { Connection } from './connection.ts';
import type { AuditHeadTable } from './schema.ts';
import { auditHeadContent } from './seals.ts';

/** The seal of the audit log, as the write queue uses it at every commit. */
export interface AuditSealing {
  /** First step of a transaction: is the end of the log as this process left it? */
  begin(): void;
  /** Last step before the commit: seals the new end. Answers what to call once the commit has succeeded. */
  end(): () => void;
  /**
   * Whether somebody else has changed the end of the log, or its sealed head. From then on the head stays where it is, as
   * evidence: a new seal would cover up what happened.
   */
  readonly isBroken: boolean;
}

type Last = { readonly id: number; readonly hash: string };
type Head = Omit<AuditHeadTable, 'id'>;

const same = (a: Last | undefined, b: Last | undefined): boolean => a?.id === b?.id && a?.hash === b?.hash;

/** What every link looks like. */
const LINK = /^[0-9a-f]{64}$/;

/** Null in place of an answer of a vault that is locked. */
function unlessLocked<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (isWaiaasError(error, 'KEYSTORE_LOCKED')) return null;
    throw error;
  }
}

/**
 * Keeps the head of the audit log under seal, in the commit that adds the rows: who can write the database but has not
 * the vault can neither change a row nor cut the end off, nor add one, without the head telling (09 no. 5). Rows written
 * while the vault is locked are covered by the first seal after it.
 *
 * Beside Kysely, because it runs at every commit.
 *
 * @param isNew whether the log has just got its chain; otherwise a head that is not there was removed
 */
export function createAuditSealing(
  connection: Connection,
  { sealer, clock, isNew }: { readonly sealer: RowSealer; readonly clock: Clock; readonly isNew: boolean },
): AuditSealing {
  const last = connection.prepare<[], Last>('SELECT id, hash FROM audit_log ORDER BY id DESC LIMIT 1');
  const rowAt = connection.prepare<[number], Last>('SELECT id, hash FROM audit_log WHERE id = ?');
  const present = connection.prepare<[], Head>(
    'SELECT version, audit_id, hash, sealed_at, seal FROM audit_head WHERE id = 1',
  );
  const store = connection.prepare(
    `INSERT INTO audit_head (id, version, audit_id, hash, sealed_at, seal) VALUES (1, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, audit_id = excluded.audit_id, hash = excluded.hash,
       sealed_at = excluded.sealed_at, seal = excluded.seal`,
  );
  /** The end of the log as this process left it; null before its first commit. */
  let left: { readonly row: Last | undefined } | null = null;
  /** Version of the head this process has stored last. */
  let sealed: number | null = null;
  let isBroken = false;

  /** Whether the head is one of ours and the log still has what it says. Null while that cannot be told. */
  function headHolds(head: Head | undefined): boolean | null {
    if (head === undefined) return isNew && sealed === null;
    if (sealed !== null) return head.version === sealed;
    const authentic = unlessLocked(() => sealer.verify(auditHeadContent(head), head.seal));
    return authentic === null ? null : authentic && rowAt.get(head.audit_id)?.hash === head.hash;
  }

  function seal(row: Last): number | null {
    const head = present.get();
    const holds = LINK.test(row.hash) && row.id >= (head?.audit_id ?? 0) && headHolds(head);
    if (holds === false) isBroken = true;
    if (holds !== true || head?.audit_id === row.id) return null;
    const next = {
      version: (head?.version ?? 0) + 1,
      audit_id: row.id,
      hash: row.hash,
      sealed_at: unixSeconds(clock),
    };
    const mac = unlessLocked(() => sealer.seal(auditHeadContent(next)));
    if (mac === null) return null;
    store.run(next.version, next.audit_id, next.hash, next.sealed_at, mac);
    return next.version;
  }

  return {
    begin() {
      const row = last.get();
      if (left !== null && !same(left.row, row)) isBroken = true;
    },
    end() {
      const row = last.get();
      const version = isBroken || row === undefined ? null : seal(row);
      return () => {
        left = { row };
        if (version !== null) sealed = version;
      };
    },
    get isBroken() {
      return isBroken;
    },
  };
}
