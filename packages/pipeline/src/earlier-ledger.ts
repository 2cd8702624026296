import { unixSeconds } from '@waiaas/core';
import { adoptHead, appendAudit, createSpendSealing, GLOBAL_SCOPE, hasAuditEvent, listAgents } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';

/** Rows that are sealed in one unit of work. */
const BATCH = 500;

/**
 * Seals the ledger of a database from before that was done, and begins the heads of its agents, once: the audit log says
 * that it was done. Its transactions have been sealed before.
 *
 * @throws WaiaasError KEYSTORE_LOCKED before the vault was opened
 */
export async function sealEarlierLedger(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock' | 'logger'>,
): Promise<void> {
  const { storage, sealer, clock, logger } = dependencies;
  if (await hasAuditEvent(storage.read, ['LEDGER_SEALED'])) return;
  const sealNext = createSpendSealing(sealer);
  let sealed = 0;
  for (let batch = BATCH; batch === BATCH; sealed += batch)
    batch = await storage.write(({ db }) => sealNext(db, BATCH));
  const agents = await listAgents(storage.read);
  await Promise.all(
    [GLOBAL_SCOPE, ...agents.map(({ id }) => id)].map((scope) =>
      storage.write(({ db }) => adoptHead(db, sealer, scope)),
    ),
  );
  const details = { sealed, agents: agents.length };
  if (sealed + agents.length > 0) logger.info(details, 'Sealed the ledger of an earlier version');
  await storage.write(({ db }) =>
    appendAudit(db, unixSeconds(clock), { event: 'LEDGER_SEALED', actor: 'system', details }),
  );
}
