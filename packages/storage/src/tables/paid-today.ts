import type { AgentId } from '@waiaas/core';
import type { Db } from '../query-executor.ts';
import { isOpen } from './transactions.ts';

/** A payment that was sent and is not final. */
export interface SentPayment {
  readonly agent_id: string;
  readonly asset: string;
  /** Base units. */
  readonly amount: string;
}

/** Payments sent since a moment, Unix seconds, that are not final; without what the owner takes back. */
export const listSentSince = (db: Db, since: number): Promise<SentPayment[]> =>
  db
    .selectFrom('transactions')
    .select(['agent_id', 'asset', 'amount'])
    .where('status', '=', 'SUBMITTED')
    .where(isOpen())
    .where('submitted_at', '>=', since)
    .where('recall_id', 'is', null)
    .execute();

/** How many payments of an asset an agent has settled since a moment, Unix seconds. Costs by their number. */
export async function countSpendsSince(db: Db, agentId: AgentId, asset: string, since: number): Promise<number> {
  const { n } = await db
    .selectFrom('spend_ledger')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where('asset', '=', asset)
    .where('settled_at', '>=', since)
    .executeTakeFirstOrThrow();
  return n;
}
