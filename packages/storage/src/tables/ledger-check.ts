import type { RowSealer } from '@waiaas/core';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import { spendContent } from '../seals.ts';

/** Something in the ledger that does not agree with what it is made of. */
export interface LedgerFault {
  /** Of the ledger's row; 0 where one is missing. */
  readonly seq: number;
  readonly agentId: string;
  readonly asset: string;
  readonly expected: string;
  readonly found: string;
}

/** Rows that are read at a time. */
const PAGE = 2000;

interface Total {
  readonly sum: bigint;
  readonly at: number;
  readonly seal: string;
}

const pageAfter = (db: Db, seq: number) =>
  db
    .selectFrom('spend_ledger')
    .innerJoin('transactions', 'transactions.id', 'spend_ledger.tx_id')
    .selectAll('spend_ledger')
    .select('transactions.amount as paid')
    .where('spend_ledger.seq', '>', seq)
    .orderBy('spend_ledger.seq')
    .limit(PAGE)
    .execute();

/** What the heads say the ledger ends with, by seal: a fault, each, unless that row is there. */
async function knownEnds(db: Db): Promise<Map<string, LedgerFault>> {
  const ends = new Map<string, LedgerFault>();
  for (const { id } of await db.selectFrom('agents').select('id').orderBy('id').execute()) {
    const head = headsOf(db).read(id);
    if (head === null) ends.set(id, { seq: 0, agentId: id, asset: '*', expected: 'a sealed head', found: 'none' });
    for (const [asset, { seal, cumulative }] of head?.spent ?? []) {
      ends.set(seal, { seq: 0, agentId: id, asset, expected: cumulative.toString(), found: 'nothing' });
    }
  }
  return ends;
}

/**
 * Recomputes every running total from the single amounts and compares (00 §3); also that the confirmed transactions and the
 * ledger name the same payments. With a sealer, also every seal, the chain they form, and that each head knows the end of it.
 * Empty when all agrees. Reads the whole ledger in pages: for checks, not for decisions.
 *
 * @param pause awaited between two pages, so that others get their turn
 */
export async function checkSpendLedger(
  db: Db,
  sealer?: Pick<RowSealer, 'verify'>,
  pause: () => Promise<void> = async () => undefined,
): Promise<readonly LedgerFault[]> {
  const faults: LedgerFault[] = [];
  // Asked first: whatever settles while the ledger is read is newer than these.
  const ends = sealer === undefined ? new Map<string, LedgerFault>() : await knownEnds(db);
  const totals = new Map<string, Total>();
  for (let cursor = 0; ; ) {
    const page = await pageAfter(db, cursor);
    for (const row of page) {
      const { seq, agent_id: agentId, asset } = row;
      const key = `${agentId} ${asset}`;
      const last = totals.get(key) ?? { sum: 0n, at: 0, seal: '' };
      const sum = last.sum + BigInt(row.paid);
      if (row.cumulative !== sum.toString() || row.amount !== row.paid || row.settled_at < last.at) {
        faults.push({ seq, agentId, asset, expected: sum.toString(), found: row.cumulative });
      } else if (sealer !== undefined) {
        const sealed = row.previous === last.seal && sealer.verify(spendContent(row), row.seal);
        if (!sealed) faults.push({ seq, agentId, asset, expected: 'its seal', found: 'another one' });
      }
      totals.set(key, { sum, at: row.settled_at, seal: row.seal });
      ends.delete(row.seal);
    }
    cursor = page.at(-1)?.seq ?? cursor;
    if (page.length < PAGE) break;
    await pause();
  }
  faults.push(...ends.values());
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
