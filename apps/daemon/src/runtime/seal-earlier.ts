import type { Clock, Logger } from '@waiaas/core';
import type { KeystoreParts } from '@waiaas/keystore';
import { sealEarlierEvents } from '@waiaas/notifications';
import { sealEarlierAgents, sealEarlierLedger, sealEarlierTransactions } from '@waiaas/pipeline';
import { type AuditTrail, sealEarlierAutoStop } from '@waiaas/safety';
import { type AuditEntry, hasAuditEvent, rebuildEvidence, type Storage } from '@waiaas/storage';

/** What sealing works with. */
export interface EarlierVersions {
  readonly storage: Storage;
  readonly sealer: KeystoreParts['keystore']['sealer'];
  readonly auditTrail: AuditTrail;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Seals, once, what earlier versions did not. Only where the audit log and its heads outside the database agree with each
 * other: a log that does not say that it was done may have said so before somebody cut it.
 */
export async function sealEarlier({
  storage,
  sealer,
  auditTrail,
  audit,
  clock,
  logger,
}: EarlierVersions): Promise<void> {
  const done = ['ROWS_SEALED', 'LEDGER_SEALED', 'AGENTS_SEALED', 'AUTO_STOP_SEALED', 'EVENTS_SEALED'] as const;
  const missing = await Promise.all(done.map(async (event) => !(await hasAuditEvent(storage.read, [event]))));
  if (!missing.includes(true)) return;
  // What is asked from here on is asked by indexes, and one of them may have been made to keep silent.
  await storage.write(({ db }) => rebuildEvidence(db));
  const told = new Set<string>();
  const { intact } = await auditTrail.verify(({ event_type }) => told.add(event_type));
  if (intact && done.every((event) => told.has(event))) {
    logger.error({}, 'An index of the audit log kept silent about what the log tells: somebody has changed it');
    await audit({ event: 'SEAL_BROKEN', actor: 'system', details: { what: 'audit_index' } });
    return;
  }
  if (!intact) {
    logger.error(
      {},
      'The database is of an earlier version and its audit log is not whole: its payments and limits are not believed, and nothing is paid; see "waiaas audit verify"',
    );
    return;
  }
  const parts = { storage, sealer, clock, logger };
  if (!told.has('ROWS_SEALED')) await sealEarlierTransactions(parts);
  if (!told.has('LEDGER_SEALED')) await sealEarlierLedger(parts);
  if (!told.has('AGENTS_SEALED')) await sealEarlierAgents(parts);
  if (!told.has('AUTO_STOP_SEALED')) await sealEarlierAutoStop(parts);
  if (!told.has('EVENTS_SEALED')) await sealEarlierEvents(parts);
}
