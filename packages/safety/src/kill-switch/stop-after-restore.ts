import type { Clock, Logger, RowSealer } from '@waiaas/core';
import { findLastAudit, type Storage } from '@waiaas/storage';
import { runCascade } from './cascade.ts';
import { type KillSwitchState, NORMAL } from './state.ts';

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
 * Whether a start may go on where the kill switch is not engaged: not where a backup was put back and nobody has recovered
 * since. A backup is an earlier state: what was spent and revoked after it was made is not in it, and another daemon may be
 * at work with the same keys. So everything is stopped until whoever can recover says that it is meant (08 §2.7.4).
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
  const last = await findLastAudit(storage.read, ['BACKUP_RESTORED', 'KILL_SWITCH_ACTIVATED', 'KILL_SWITCH_RECOVERED']);
  if (last?.event_type !== 'BACKUP_RESTORED') return NORMAL;
  logger.warn({ auditId: last.id }, 'A backup was put back: the kill switch is engaged');
  const { state } = await storage.write((work) =>
    runCascade(
      work,
      { reason: RESTORED_REASON, actor: 'system', origin: { actor: 'system' }, ending: OF_RESTORED_BACKUP },
      { sealer, clock },
    ),
  );
  return state;
}
