import { type AgentId, type AssetId, sumBaseUnits } from '@waiaas/core';
import type { Db } from '../query-executor.ts';

const newestUpTo = (db: Db, agentId: AgentId, asset: AssetId, until?: number) => {
  const select = db
    .selectFrom('spend_ledger')
    .select(['cumulative', 'settled_at'])
    .where('agent_id', '=', agentId)
    .where('asset', '=', asset);
  return (until === undefined ? select : select.where('settled_at', '<=', until))
    .orderBy('settled_at', 'desc')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
};

/**
 * Appends a settled payment. Its time is never before that of the row before it, so that a clock that was set back
 * cannot move a spend out of a window (00 §3).
 *
 * @param settled amount in base units and time in Unix seconds
 */
export async function appendSpend(
  db: Db,
  settled: { agentId: AgentId; asset: AssetId; txId: string; amount: bigint; now: number },
): Promise<void> {
  const last = await newestUpTo(db, settled.agentId, settled.asset);
  await db
    .insertInto('spend_ledger')
    .values({
      agent_id: settled.agentId,
      asset: settled.asset,
      settled_at: Math.max(settled.now, last?.settled_at ?? 0),
      tx_id: settled.txId,
      amount: settled.amount.toString(),
      cumulative: (BigInt(last?.cumulative ?? '0') + settled.amount).toString(),
    })
    .execute();
}

/**
 * What an agent has spent of an asset after a moment (exclusive), in base units: the running total less the running
 * total at that moment. Two index look-ups, however long the history is.
 */
export async function spentSince(db: Db, agentId: AgentId, asset: AssetId, since: number): Promise<bigint> {
  const total = await newestUpTo(db, agentId, asset);
  if (total === undefined || total.settled_at <= since) return 0n;
  const before = await newestUpTo(db, agentId, asset, since);
  return BigInt(total.cumulative) - BigInt(before?.cumulative ?? '0');
}

/**
 * What an agent had spent of an asset when a transaction was created: after a moment (exclusive), in base units. Of the
 * second in which it was created only the spends of older transactions count: a younger one cannot have settled before.
 *
 * @param moment of the creation, Unix seconds
 * @returns the least and the most it can have been: within a second, the order in which things happened is not recorded
 */
export async function spentBefore(
  db: Db,
  query: {
    readonly agentId: AgentId;
    readonly asset: AssetId;
    readonly since: number;
    readonly moment: number;
    readonly txId: string;
  },
): Promise<{ readonly least: bigint; readonly most: bigint }> {
  const { agentId, asset, since, moment, txId } = query;
  const total = await newestUpTo(db, agentId, asset, moment - 1);
  const before = await newestUpTo(db, agentId, asset, Math.min(since, moment - 1));
  const least = BigInt(total?.cumulative ?? '0') - BigInt(before?.cumulative ?? '0');
  const sameSecond = await db
    .selectFrom('spend_ledger')
    .select('amount')
    .where('agent_id', '=', agentId)
    .where('asset', '=', asset)
    .where('settled_at', '=', moment)
    .where('tx_id', '<', txId)
    .execute();
  return { least, most: sumBaseUnits([least, ...sameSecond.map(({ amount }) => BigInt(amount))]) };
}

/**
 * Assets an agent has paid with, by name: one index look-up for each of them, however often it has paid.
 * @param most of them that are named
 */
export async function listAssetsPaid(db: Db, agentId: AgentId, most: number): Promise<string[]> {
  const assets: string[] = [];
  while (assets.length < most) {
    const next = await db
      .selectFrom('spend_ledger')
      .select('asset')
      .where('agent_id', '=', agentId)
      .where('asset', '>', assets.at(-1) ?? '')
      .orderBy('asset')
      .limit(1)
      .executeTakeFirst();
    if (next === undefined) break;
    assets.push(next.asset);
  }
  return assets;
}
/** Whether a payment is counted as spent. */
export const isSpent = async (db: Db, txId: string): Promise<boolean> =>
  (await db.selectFrom('spend_ledger').select('seq').where('tx_id', '=', txId).executeTakeFirst()) !== undefined;

/** A running total that does not add up. */
export interface LedgerFault {
  readonly seq: number;
  readonly agentId: string;
  readonly asset: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * Recomputes every running total from the single amounts and compares; also that the confirmed transactions and the
 * ledger name the same payments. Empty when all agrees. Reads the whole ledger: for checks, not for decisions.
 */
export async function checkSpendLedger(db: Db): Promise<readonly LedgerFault[]> {
  const rows = await db
    .selectFrom('spend_ledger')
    .innerJoin('transactions', 'transactions.id', 'spend_ledger.tx_id')
    .select([
      'spend_ledger.seq',
      'spend_ledger.agent_id',
      'spend_ledger.asset',
      'spend_ledger.amount',
      'spend_ledger.cumulative',
      'spend_ledger.settled_at',
      'transactions.amount as paid',
    ])
    .orderBy('spend_ledger.seq')
    .execute();
  const faults: LedgerFault[] = [];
  const totals = new Map<string, { sum: bigint; at: number }>();
  for (const row of rows) {
    const key = `${row.agent_id} ${row.asset}`;
    const last = totals.get(key) ?? { sum: 0n, at: 0 };
    const sum = last.sum + BigInt(row.paid);
    if (row.cumulative !== sum.toString() || row.amount !== row.paid || row.settled_at < last.at) {
      const { seq, agent_id: agentId, asset } = row;
      faults.push({ seq, agentId, asset, expected: sum.toString(), found: row.cumulative });
    }
    totals.set(key, { sum, at: row.settled_at });
  }
  const missing = await db
    .selectFrom('transactions')
    .leftJoin('spend_ledger', 'spend_ledger.tx_id', 'transactions.id')
    .select(['transactions.id', 'transactions.agent_id', 'transactions.asset', 'transactions.amount'])
    .where('transactions.status', '=', 'CONFIRMED')
    .where('transactions.recall_id', 'is', null)
    .where('spend_ledger.seq', 'is', null)
    .execute();
  for (const row of missing) {
    faults.push({ seq: 0, agentId: row.agent_id, asset: row.asset, expected: row.amount, found: 'nothing' });
  }
  return faults;
}
