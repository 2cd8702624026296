import {
  type AuditRow,
  appendAudit,
  type Db,
  findLastAudit,
  listAudit,
  readAuditHead,
  type UnitOfWork,
} from '@waiaas/storage';
import { SEALED_EVENTS } from './sealed-events.ts';

/** The last row that is written under a seal only, and is under none: somebody else has written it. */
export async function findForgedRow(db: Db): Promise<AuditRow | undefined> {
  const head = await readAuditHead(db);
  return head === undefined ? undefined : findLastAudit(db, SEALED_EVENTS, head.audit_id);
}

/**
 * Records which rows no seal has covered so far, in the unit of work whose commit covers them. They are of a time when the
 * vault was locked, or somebody else's. Where one of them says of itself that the vault was open, it is somebody else's: that
 * is on record as a break of the log, which every check of it finds from then on, and the owner is told.
 */
export async function adoptRows({ db, notify }: UnitOfWork, now: number): Promise<void> {
  const head = await readAuditHead(db);
  const [last] = await listAudit(db, { order: 'desc', limit: 1 });
  if (head === undefined || last === undefined || last.id <= head.audit_id) return;
  const details = { from: head.audit_id + 1, to: last.id };
  const forged = await findForgedRow(db);
  await appendAudit(db, now, { event: 'AUDIT_ROWS_ADOPTED', actor: 'system', details });
  if (forged === undefined) return;
  const why = 'rows that are written under a seal only were under none';
  await appendAudit(db, now, {
    event: 'AUDIT_CHAIN_BROKEN',
    actor: 'system',
    details: { ...details, why, sealedTo: head.audit_id, sealedHash: head.hash },
  });
  await notify({ event: 'AUDIT_CHAIN_BROKEN', sealedTo: head.audit_id });
}
