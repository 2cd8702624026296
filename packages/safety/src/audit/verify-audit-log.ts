import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditVerification, RowSealer } from '@waiaas/core';
import { type AuditRow, type Db, isAuditHeadAuthentic, listAuditAfter, readAuditHead } from '@waiaas/storage';
import type { Anchors } from './anchor-lines.ts';
import { createAuditCheck } from './audit-check.ts';

/** Rows that are read at a time; between two pages others get their turn. */
const PAGE = 1000;

/** What a check of the whole log needs. */
export interface VerifyOptions {
  readonly read: Db;
  /** Null when there is no vault at hand: then links and heads are compared, and seals are taken as they are. */
  readonly sealer: Pick<RowSealer, 'verify'> | null;
  /** Heads kept outside; read before the log, so that none of them can be ahead of it. */
  readonly anchors: Anchors;
  /** Told after each page how many rows have been read. */
  readonly onRows?: (rows: number) => void;
  /** Given every row, in the order in which they are stored. */
  readonly onRow?: ((row: AuditRow) => void) | undefined;
}

/**
 * Checks the whole audit log, also while a daemon goes on writing it.
 *
 * @throws WaiaasError KEYSTORE_LOCKED when the sealer is locked
 */
export async function verifyAuditLog({
  read,
  sealer,
  anchors,
  onRows,
  onRow,
}: VerifyOptions): Promise<AuditVerification> {
  const check = createAuditCheck({
    head: await readAuditHead(read),
    anchors: anchors.anchors,
    unreadableAnchors: anchors.unreadable,
    isAuthentic: sealer === null ? null : (head) => isAuditHeadAuthentic(sealer, head),
  });
  let last = Number.MIN_SAFE_INTEGER;
  let count = 0;
  for (;;) {
    const rows = await listAuditAfter(read, last, PAGE);
    for (const row of rows) {
      check.add(row);
      onRow?.(row);
    }
    last = rows.at(-1)?.id ?? last;
    count += rows.length;
    onRows?.(count);
    if (rows.length < PAGE) return check.finish(await readAuditHead(read));
    await nextTurn();
  }
}
