import type { Clock, Logger, RowSealer } from '@waiaas/core';
import { type AuditRow, type Db, findLastAudit, type Storage } from '@waiaas/storage';
import { runCascade } from './cascade.ts';
import { readNormalRow } from './normal-mark.ts';
import { type KillSwitchState, NORMAL } from './state.ts';
import { findUnansweredRestore } from './unanswered-restore.ts';

/** How a payment of a backup ends that was not sent in it. */
export const OF_RESTORED_BACKUP = {
  code: 'CHAIN_ERROR',
  token: 'BACKUP_RESTORED',
  message:
    'A backup in which the payment was not sent yet was put back. Whether it was paid since is not on record: look at the chain before it is asked for again.',
  retryable: false,
} as const;

/** Reason of a kill switch that is engaged because a backup was put back. */
const RESTORED_REASON = 'a backup was put back';

/**
 * The newest row that says that a backup was put back, since the kill switch was last known not to be engaged; of all the log
 * where no mark says when. What was put back before had stopped everything that waited, and the mark was moved on only then.
 *
 * @throws WaiaasError KEYSTORE_LOCKED
 */
export const findRecentRestore = async (db: Db, sealer: RowSealer): Promise<AuditRow | undefined> =>
  findLastAudit(db, ['BACKUP_RESTORED'], await readNormalRow(db, sealer));

/**
 * Whether a start may go on where the kill switch is not engaged: not where a backup was put back and nobody has recovered
 * since. A backup is an earlier state: what was spent and revoked after it was made is not in it, and another daemon may be
 * at work with the same keys. So everything is stopped until whoever can recover says that it is meant (08 §2.7.4).
 *
 * The log is read since the kill switch was last known not to be engaged: a backup that was put back before then was recovered
 * from, or put back under a version that did not stop for it and has worked on since.
 *
 * What waits ends with a word of its own: it may have been paid since. To be asked right after the vault was opened and what
 * commands have noted is on record, and before the gate opens; after a crash in between, the next start finds the same.
 *
 * @throws WaiaasError KEYSTORE_LOCKED
 */
export async function stopAfterRestore({
  storage,
  sealer,
  clock,
  logger,
}: {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<KillSwitchState> {
  const restored = await findUnansweredRestore(storage.read, await readNormalRow(storage.read, sealer));
  if (restored === undefined) return NORMAL;
  logger.warn({ auditId: restored.id }, 'A backup was put back: the kill switch is engaged');
  const { state } = await storage.write((work) =>
    runCascade(
      work,
      { reason: RESTORED_REASON, actor: 'system', origin: { actor: 'system' }, ending: OF_RESTORED_BACKUP },
      { sealer, clock },
    ),
  );
  return state;
}
