import type { AgentId, RowSealer } from '@waiaas/core';
import { sql } from 'kysely';
import type { AccountRent } from '../heads/head.ts';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import { readMetadata } from '../transaction-metadata.ts';
import { authenticTransaction } from './transaction-states.ts';

const AMOUNT = /^[0-9]+$/;
/** Rents this close together are kept as one sum, as of the last of them, so that a head stays short; seconds. */
const TOGETHER = 600;

const sum = (rents: readonly AccountRent[]): bigint => rents.reduce((total, { amount }) => total + amount, 0n);

/**
 * What an agent's payments have put into accounts they opened for their recipients since a time, base units of the native asset;
 * those an owner has approved are left out, and recalls. Whatever was signed counts, whether it landed or not. It is kept in the
 * sealed head of the agent. Null when that cannot be believed: then nobody can say.
 */
export async function accountRentSince(
  db: Db,
  sealer: RowSealer,
  agent: AgentId,
  since: number,
): Promise<bigint | null> {
  const head = headsOf(db).read(agent);
  if (head === null) return null;
  const rents = head.rents ?? (await rentsInRows(db, sealer, agent, since));
  return rents === null ? null : sum(rents.filter(({ at }) => at > since));
}

/**
 * Counts what a payment puts into an account it opens, in the unit of work that records the payment.
 * @param since from when on rents are of interest; what is older is forgotten
 * @throws Error when what was spent before is not known: then nothing may be opened
 */
export async function countAccountRent(
  db: Db,
  sealer: RowSealer,
  agent: AgentId,
  payment: { readonly txId: string; readonly amount: bigint; readonly now: number; readonly since: number },
): Promise<void> {
  const { txId, amount, now, since } = payment;
  const head = headsOf(db).edit(agent);
  const before = head.rents ?? (await rentsInRows(db, sealer, agent, since, txId));
  if (before === null) throw new Error('What was spent on accounts for recipients is not known');
  const recent = before.filter(({ at }) => at > since);
  const last = recent.at(-1);
  const joins = last !== undefined && Math.floor(last.at / TOGETHER) === Math.floor(now / TOGETHER);
  head.rents = joins
    ? [...recent.slice(0, -1), { at: Math.max(last.at, now), amount: last.amount + amount }]
    : [...recent, { at: now, amount }];
}

/** The same from the transactions but one, where a head is from before rents were counted there. */
async function rentsInRows(
  db: Db,
  sealer: RowSealer,
  agent: AgentId,
  since: number,
  except = '',
): Promise<readonly AccountRent[] | null> {
  const rows = await db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agent)
    .where('id', '<>', except)
    .where('claimed_at', '>', since)
    .where('tier', '<>', 'APPROVAL')
    .where('recall_id', 'is', null)
    // To the letter what the index is about, which is what makes it usable.
    .where(sql<boolean>`CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.accountRent') END IS NOT NULL`)
    .orderBy('claimed_at')
    .execute();
  const rents: AccountRent[] = [];
  for (const row of rows) {
    const { accountRent } = readMetadata(row);
    if (typeof accountRent !== 'string' || !AMOUNT.test(accountRent)) return null;
    if ((await authenticTransaction(db, sealer, row)) === null) return null;
    rents.push({ at: row.claimed_at ?? row.created_at, amount: BigInt(accountRent) });
  }
  return rents;
}
