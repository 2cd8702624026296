import { type AgentId, type SignedVariant, unixSeconds } from '@waiaas/core';
import {
  authenticTransaction,
  isWatchedOnly,
  listUnderWayOfAgent,
  signedVariants,
  type TransactionRow,
} from '@waiaas/storage';
import type { PipelineDependencies } from '../dependencies.ts';

/** How long ago a transaction was sent for the first time that counts as stuck, seconds: those of the moment are not overtaken. */
const STUCK_SECONDS = 3600;

/**
 * Whether a transaction is one that nobody waits for where transactions have an order: sent long ago, or only watched since a
 * stop, so that nothing helps it along. It may land all the same: it stays reserved until the chain proves what became of it.
 *
 * @param now Unix seconds
 */
export const isStuck = (row: Pick<TransactionRow, 'status' | 'submitted_at' | 'metadata'>, now: number): boolean =>
  row.status === 'SUBMITTED' &&
  (isWatchedOnly(row) || (row.submitted_at !== null && row.submitted_at <= now - STUCK_SECONDS));

/**
 * All that was signed for transactions of an agent that are stuck, payments and what recalls have sent alike. What goes back to the
 * owner takes the place of the one that is due, so that at most one of both lands.
 */
export type StuckTransactions = (agentId: AgentId) => Promise<readonly SignedVariant[]>;

/** Makes it. Only what the daemon wrote counts. */
export const createStuckTransactions =
  ({ storage, sealer, clock }: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock'>): StuckTransactions =>
  async (agentId) => {
    const now = unixSeconds(clock);
    const signed: SignedVariant[] = [];
    for (const found of await listUnderWayOfAgent(storage.read, agentId)) {
      if (!isStuck(found, now)) continue;
      const row = await authenticTransaction(storage.read, sealer, found);
      if (row !== null) signed.push(...signedVariants(row));
    }
    return signed;
  };
