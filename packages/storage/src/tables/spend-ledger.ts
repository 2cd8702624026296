import { type AgentId, type AssetId, type RowSealer, sumBaseUnits } from '@waiaas/core';
import type { Selectable } from 'kysely';
import type { Head, LastSpend } from '../heads/head.ts';
import { headsOf } from '../heads/head-keeper.ts';
import { BEYOND_WINDOWS, extendRuns, nameOfRun, provenTotal } from '../heads/spend-runs.ts';
import type { Db } from '../query-executor.ts';
import type { SpendLedgerTable } from '../schema.ts';
import { spendContent } from '../seals.ts';
import { changeRows, firstOf } from '../statement.ts';

/** A row of `spend_ledger`. */
type SpendRow = Selectable<SpendLedgerTable>;

const COLUMNS = 'seq, agent_id, asset, settled_at, tx_id, amount, cumulative, previous, seal, run';
const NEWEST = `SELECT ${COLUMNS} FROM spend_ledger
  WHERE agent_id = (SELECT ?) AND asset = (SELECT ?) AND settled_at <= (SELECT ?)
  ORDER BY settled_at DESC, seq DESC LIMIT 1`;
const APPEND = `INSERT INTO spend_ledger (agent_id, asset, settled_at, tx_id, amount, cumulative, previous, seal, run)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const FOREVER = Number.MAX_SAFE_INTEGER;

const newestUpTo = (db: Db, agentId: AgentId, asset: AssetId, until: number): Promise<SpendRow | undefined> =>
  firstOf<SpendRow>(db, NEWEST, [agentId, asset, until]);

const isSpendAuthentic = (sealer: RowSealer, row: SpendRow): boolean => sealer.verify(spendContent(row), row.seal);

/** Assets the head remembers at least; beyond that, those whose last spend has left every window are looked up again. */
const REMEMBERED_ASSETS = 32;

/**
 * The newest spend of an asset. The head knows it, but for assets that were not paid with for long: nothing of theirs is in
 * any window, whatever somebody has done to their rows.
 */
async function lastSpend(
  db: Db,
  sealer: RowSealer,
  head: Head,
  agentId: AgentId,
  asset: AssetId,
): Promise<LastSpend | undefined> {
  const known = head.spent.get(asset);
  if (known !== undefined) return known;
  const row = await newestUpTo(db, agentId, asset, FOREVER);
  if (row === undefined || !isSpendAuthentic(sealer, row)) return undefined;
  return { settledAt: row.settled_at, cumulative: BigInt(row.cumulative), seal: row.seal, runs: [] };
}

/**
 * Appends a settled payment, sealed over the row before it. Its time is never before that of the row before it, so that a
 * clock that was set back cannot move a spend out of a window (00 §3).
 *
 * @param settled amount in base units and time in Unix seconds
 */
export async function appendSpend(
  db: Db,
  sealer: RowSealer,
  settled: { agentId: AgentId; asset: AssetId; txId: string; amount: bigint; now: number },
): Promise<void> {
  const { agentId, asset, txId, amount, now } = settled;
  const heads = headsOf(db);
  const head = heads.edit(agentId);
  const run = nameOfRun(head.spent.get(asset), heads.run, txId);
  const last = await lastSpend(db, sealer, head, agentId, asset);
  const settledAt = Math.max(now, last?.settledAt ?? 0);
  const cumulative = (last?.cumulative ?? 0n) + amount;
  const row = {
    agent_id: agentId,
    asset,
    settled_at: settledAt,
    tx_id: txId,
    amount: amount.toString(),
    cumulative: cumulative.toString(),
    previous: last?.seal ?? '',
    run,
  };
  const seal = sealer.seal(spendContent(row));
  const values = [agentId, asset, settledAt, txId, row.amount, row.cumulative, row.previous, seal, run];
  await changeRows(db, APPEND, values);
  head.spent.set(asset, { settledAt, cumulative, seal, runs: extendRuns(last, run, settledAt) });
  if (head.spent.size <= REMEMBERED_ASSETS) return;
  for (const [name, spend] of head.spent) {
    if (spend.settledAt < settledAt - BEYOND_WINDOWS) head.spent.delete(name);
  }
}

/**
 * What an agent has spent of an asset after a moment (exclusive), in base units: the running total less the running
 * total at that moment. One index look-up, however long the history is. Null when what is stored cannot be believed.
 *
 * A row that was taken away can only make the answer larger: the total is the head's, and what was before is then less.
 */
export async function spentSince(
  db: Db,
  sealer: RowSealer,
  agentId: AgentId,
  asset: AssetId,
  since: number,
): Promise<bigint | null> {
  const head = headsOf(db).read(agentId);
  if (head === null) return null;
  const total = await lastSpend(db, sealer, head, agentId, asset);
  if (total === undefined || total.settledAt <= since) return 0n;
  const before = await newestUpTo(db, agentId, asset, since);
  if (before === undefined) return total.cumulative;
  if (!isSpendAuthentic(sealer, before)) return null;
  // A row of another copy of the file can have a larger total than there was at that moment.
  const proven = provenTotal({ run: before.run, cumulative: BigInt(before.cumulative) }, total);
  return proven === null ? null : total.cumulative - proven;
}

/** How far the ledger of an asset had come at some moment of this run, by the head alone. */
export interface LedgerMark {
  /** Running total, base units; null where the head remembers no spend of the asset. */
  readonly total: bigint | null;
}

/** How far the ledger of an asset has come. Null when the head cannot be believed. */
export function ledgerMark(db: Db, agentId: AgentId, asset: AssetId): LedgerMark | null {
  const head = headsOf(db).read(agentId);
  return head === null ? null : { total: head.spent.get(asset)?.cumulative ?? null };
}

/**
 * What an agent has settled of an asset since a mark, base units. By the head alone, so that no row of the file has a say in it.
 * Null when it cannot be told: the head cannot be believed, or is not one that came after the mark.
 */
export function settledSinceMark(db: Db, agentId: AgentId, asset: AssetId, { total }: LedgerMark): bigint | null {
  const head = headsOf(db).read(agentId);
  if (head === null) return null;
  const last = head.spent.get(asset);
  if (last === undefined) return total === null ? 0n : null;
  // An asset that was not remembered is since its first spend after that: its first run says with which total it began.
  const before = total ?? last.runs[0]?.from;
  return before === undefined || last.cumulative < before ? null : last.cumulative - before;
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
