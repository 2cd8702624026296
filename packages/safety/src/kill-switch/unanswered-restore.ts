import { type AuditRow, type Db, findLastAudit } from '@waiaas/storage';

/**
 * The row that says that a backup was put back, where nobody has stopped or recovered anything since; undefined where there is
 * none after another row.
 */
export async function findUnansweredRestore(db: Db, after: number): Promise<AuditRow | undefined> {
  const last = await findLastAudit(db, ['BACKUP_RESTORED', 'KILL_SWITCH_ACTIVATED', 'KILL_SWITCH_RECOVERED'], after);
  return last?.event_type === 'BACKUP_RESTORED' ? last : undefined;
}
