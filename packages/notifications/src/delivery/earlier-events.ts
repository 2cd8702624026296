import { type Clock, type RowSealer, unixSeconds } from '@waiaas/core';
import { appendAudit, findLastAudit, type Storage, sealEarlierNotifications } from '@waiaas/storage';

/**
 * Seals what waits to be told in a database from before events had seals, once: the audit log says that it was done, so that what
 * somebody plants later, and be it with an older schema to go with it, is not signed in the name of the daemon.
 *
 * @throws WaiaasError KEYSTORE_LOCKED before the vault was opened
 */
export async function sealEarlierEvents({
  storage,
  sealer,
  clock,
}: {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
}): Promise<void> {
  await storage.write(async ({ db }) => {
    if ((await findLastAudit(db, ['EVENTS_SEALED'])) !== undefined) return;
    const sealed = await sealEarlierNotifications(db, sealer);
    await appendAudit(db, unixSeconds(clock), { event: 'EVENTS_SEALED', actor: 'system', details: { sealed } });
  });
}
