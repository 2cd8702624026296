import { type AgentId, type SignedVariant, unixSeconds } from '@waiaas/core';
import { authenticTransaction, isWatchedOnly, listUnderWayOfAgent, signedVariants } from '@waiaas/storage';
import type { PipelineDependencies } from '../dependencies.ts';

/** How long ago a payment was sent for the first time that counts as stuck, seconds: those of the moment are not overtaken. */
const STUCK_SECONDS = 3600;

/**
 * All that was signed for payments of an agent which were sent long ago and have not ended. Once a recall has waited for them as long as it
 * waits, it goes before them where transactions have an order. They stay reserved until the chain proves what became of them.
 */
export type StuckPayments = (agentId: AgentId) => Promise<readonly SignedVariant[]>;

/** Makes it. Only what the daemon wrote counts, and nothing of a recall. */
export const createStuckPayments =
  ({ storage, sealer, clock }: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock'>): StuckPayments =>
  async (agentId) => {
    const before = unixSeconds(clock) - STUCK_SECONDS;
    const signed: SignedVariant[] = [];
    for (const found of await listUnderWayOfAgent(storage.read, agentId)) {
      if (found.status !== 'SUBMITTED' || found.recall_id !== null) continue;
      if (found.submitted_at === null || found.submitted_at > before) continue;
      const row = await authenticTransaction(storage.read, sealer, found);
      if (row !== null && !isWatchedOnly(row)) signed.push(...signedVariants(row));
    }
    return signed;
  };
