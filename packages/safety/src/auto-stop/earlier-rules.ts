import { unixSeconds } from '@waiaas/core';
import { appendAudit, findLastAudit, pinAutoStopRules } from '@waiaas/storage';
import type { AutoStopRulesDependencies } from './manage-rules.ts';

/**
 * Pins the auto-stop rules of a database from before that was done, once: the audit log says that it was done, so that a
 * database that was put back to an earlier day is not pinned anew.
 *
 * @throws WaiaasError KEYSTORE_LOCKED before the vault was opened
 */
export async function sealEarlierAutoStop({
  storage,
  sealer,
  clock,
}: Omit<AutoStopRulesDependencies, 'ids'>): Promise<void> {
  await storage.write(async ({ db }) => {
    if ((await findLastAudit(db, ['AUTO_STOP_SEALED'])) !== undefined) return;
    const pinned = await pinAutoStopRules(db, sealer);
    await appendAudit(db, unixSeconds(clock), { event: 'AUTO_STOP_SEALED', actor: 'system', details: { pinned } });
  });
}
