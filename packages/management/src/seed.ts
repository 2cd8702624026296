import {
  type Clock,
  type IdGenerator,
  type PolicyPreset,
  policyId,
  presetRules,
  type RowSealer,
  unixSeconds,
} from '@waiaas/core';
import {
  appendAudit,
  beginHeads,
  listPolicies,
  readState,
  type Storage,
  sealNoOwner,
  storePolicy,
  writeState,
} from '@waiaas/storage';
import { canonicalText } from './canonical-text.ts';

/**
 * Gives a new database what it must not be without: the kill switch in its normal state and the preset limits for all
 * agents (04 §12, 00 §3). A second run changes nothing.
 */
export async function seed(
  dependencies: {
    readonly storage: Storage;
    readonly sealer: RowSealer;
    readonly clock: Clock;
    readonly ids: IdGenerator;
  },
  preset: PolicyPreset = 'conservative',
): Promise<void> {
  const { storage, sealer, clock, ids } = dependencies;
  await storage.write(async ({ db }) => {
    const now = unixSeconds(clock);
    if ((await readState(db, 'kill_switch_status')) === undefined)
      await writeState(db, 'kill_switch_status', 'NORMAL', now);
    await sealNoOwner(db, sealer);
    await beginHeads(db);
    if ((await listPolicies(db)).length > 0) return;
    const fields = {
      id: policyId(ids.next()),
      agentId: null,
      type: 'SPENDING_LIMIT' as const,
      rules: canonicalText(presetRules(preset, 'solana')),
      priority: 0,
      enabled: true,
    };
    const row = await storePolicy(db, sealer, fields, { now, actor: 'system' });
    const details = { policyId: row.id, version: row.version, type: row.type, agentId: null, preset };
    await appendAudit(db, now, { event: 'POLICY_CREATED', actor: 'system', details });
  });
}
