import { unixSeconds } from '@waiaas/core';
import { appendAudit, findLastAudit, sealStatesAsFound } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';

/**
 * Seals the states of the agents of a database from before that was done, once: the audit log says that it was done. Their
 * heads have been begun before.
 *
 * @throws WaiaasError KEYSTORE_LOCKED before the vault was opened
 */
export async function sealEarlierAgents({
  storage,
  clock,
  logger,
}: Pick<PipelineDependencies, 'storage' | 'clock' | 'logger'>): Promise<void> {
  await storage.write(async ({ db }) => {
    if ((await findLastAudit(db, ['AGENTS_SEALED'])) !== undefined) return;
    const agents = await sealStatesAsFound(db);
    if (agents > 0) logger.info({ agents }, 'Sealed the states of the agents of an earlier version');
    await appendAudit(db, unixSeconds(clock), { event: 'AGENTS_SEALED', actor: 'system', details: { agents } });
  });
}
