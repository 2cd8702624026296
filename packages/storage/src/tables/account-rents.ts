import type { AgentId, RowSealer } from '@waiaas/core';
import { sql } from 'kysely';
import type { Db } from '../query-executor.ts';
import { readMetadata } from '../transaction-metadata.ts';
import { authenticTransaction } from './transaction-states.ts';

const AMOUNT = /^[0-9]+$/;

/**
 * What an agent's payments have put into accounts they opened for their recipients since a time, base units of the native asset;
 * those an owner has approved are left out, and recalls. Whatever was signed counts, whether it landed or not. Null when one of the rows is
 * not what the daemon wrote: then nobody can say.
 */
export async function accountRentSince(
  db: Db,
  sealer: RowSealer,
  agent: AgentId,
  since: number,
): Promise<bigint | null> {
  const rows = await db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agent)
    .where('claimed_at', '>', since)
    .where('tier', '<>', 'APPROVAL')
    .where('recall_id', 'is', null)
    // To the letter what the index is about, which is what makes it usable.
    .where(sql<boolean>`CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.accountRent') END IS NOT NULL`)
    .execute();
  let sum = 0n;
  for (const row of rows) {
    const { accountRent } = readMetadata(row);
    if (typeof accountRent !== 'string' || !AMOUNT.test(accountRent)) return null;
    if ((await authenticTransaction(db, sealer, row)) === null) return null;
    sum += BigInt(accountRent);
  }
  return sum;
}
