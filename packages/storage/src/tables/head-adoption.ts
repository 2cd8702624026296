import { type AgentId, decodeIntent, decodeRecallIntent, isAgentId, type RowSealer } from '@waiaas/core';
import { CompiledQuery, type Selectable } from 'kysely';
import { draftOf, type LastSpend, type OpenTransaction } from '../heads/head.ts';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import type { SpendLedgerTable } from '../schema.ts';
import { isIntentAuthentic, sessionOf, spendContent } from '../seals.ts';
import { hasHead } from './heads.ts';
import { sealedSetVersion } from './policies.ts';
import { sessionSetVersion } from './session-sets.ts';
import { isStateAuthentic } from './transaction-states.ts';
import type { TransactionRow } from './transactions.ts';

/* Bringing a database from before there were heads up to date: called once, by the daemon that has just done so. */

/**
 * What a transaction is in a head. One whose state somebody else has changed holds what its intent says, for good; null
 * when nobody can tell that any more.
 */
function toOpen(sealer: RowSealer, row: TransactionRow): OpenTransaction | null {
  const { state_seal: seal, tier, status } = row;
  if (isStateAuthentic(sealer, row)) {
    const reserved = row.reserved_amount === null || row.recall_id !== null ? null : BigInt(row.reserved_amount);
    return { seal, sessionId: sessionOf(row), asset: row.asset, reserved, tier, status };
  }
  if (!isIntentAuthentic(sealer, row)) return null;
  if (isRecallIntent(row.intent)) return { seal, sessionId: null, asset: row.asset, reserved: null, tier, status };
  const { sessionId, asset, amount } = decodeIntent(row.intent);
  return { seal, sessionId, asset, reserved: amount, tier, status };
}

/** Whether an intent is one of a recall. */
function isRecallIntent(intent: string): boolean {
  try {
    decodeRecallIntent(intent);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Transactions of an agent with something still to come, or that claim so. */
const openRows = (db: Db, agentId: AgentId): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where((eb) =>
      eb.or([
        eb('status', 'in', ['PENDING', 'QUEUED', 'EXECUTING', 'SUBMITTED']),
        eb('reserved_amount', 'is not', null),
        eb('late_check_at', 'is not', null),
      ]),
    )
    .orderBy('id')
    .execute();

/**
 * Begins the head of an agent, or of all, as things stand: its open transactions, its last spends, and the sets of policies
 * and sessions whose seals hold. Does nothing where there is a head; nor for an agent with a transaction of which nobody
 * can tell what it holds: nothing of that agent is paid.
 */
export async function adoptHead(db: Db, sealer: RowSealer, scope: string): Promise<void> {
  if (await hasHead(db, scope)) return;
  const head = draftOf();
  head.rents = null;
  head.recent = null;
  const policies = await sealedSetVersion(db, sealer, scope);
  if (policies !== null) head.marks.set('policies', policies);
  if (isAgentId(scope)) {
    const sessions = await sessionSetVersion(db, sealer, scope);
    if (sessions !== null) head.marks.set('sessions', sessions);
    for (const row of await openRows(db, scope)) {
      const open = toOpen(sealer, row);
      if (open === null) return;
      head.open.set(row.id, open);
    }
    for (const [asset, last] of await lastSpends(db, scope)) head.spent.set(asset, last);
  }
  headsOf(db).create(scope, head);
}

/** What is needed of a row of the ledger to seal it. Written out, because a ledger can be long. */
const UNSEALED = `SELECT seq, agent_id, asset, settled_at, tx_id, amount, cumulative, run FROM spend_ledger
  WHERE seq > ? AND seal = '' ORDER BY seq LIMIT ?`;
const BEFORE = `SELECT seal FROM spend_ledger WHERE agent_id = ? AND asset = ? AND settled_at <= ? AND seq < ?
  ORDER BY settled_at DESC, seq DESC LIMIT 1`;
/*
 * One statement for all rows: after each statement within a unit, SQLite looks through the copies it keeps of all pages that
 * the unit has changed, so that a statement for each row takes the longer the more rows the unit has had.
 */
const SEAL = `UPDATE spend_ledger SET previous = json_extract(sealed.value, '$[1]'), seal = json_extract(sealed.value, '$[2]')
  FROM json_each(?) AS sealed WHERE spend_ledger.seq = json_extract(sealed.value, '$[0]')`;

type UnsealedSpend = Omit<Selectable<SpendLedgerTable>, 'previous' | 'seal'>;

/**
 * A pass over the ledger that seals its rows as they are found, each over the one before it of its agent and asset, oldest
 * first. The function it answers seals the next rows, in a unit of work, and answers how many they were: fewer than the limit
 * when there are no more.
 */
export function createSpendSealing(sealer: RowSealer): (db: Db, limit: number) => Promise<number> {
  /** The newest seal of each agent and asset, as far as the pass has met them. */
  const newest = new Map<string, string>();
  let last = 0;

  async function sealBefore(db: Db, { agent_id, asset, settled_at, seq }: UnsealedSpend): Promise<string> {
    const { rows } = await db.executeQuery<{ seal: string }>(
      CompiledQuery.raw(BEFORE, [agent_id, asset, settled_at, seq]),
    );
    return rows[0]?.seal ?? '';
  }

  return async (db, limit) => {
    const { rows } = await db.executeQuery<UnsealedSpend>(CompiledQuery.raw(UNSEALED, [last, limit]));
    const sealed: [seq: number, previous: string, seal: string][] = [];
    for (const row of rows) {
      const key = `${row.agent_id} ${row.asset}`;
      const previous = newest.get(key) ?? (await sealBefore(db, row));
      const seal = sealer.seal(spendContent({ ...row, previous }));
      sealed.push([row.seq, previous, seal]);
      newest.set(key, seal);
    }
    await db.executeQuery(CompiledQuery.raw(SEAL, [JSON.stringify(sealed)]));
    last = rows.at(-1)?.seq ?? last;
    return rows.length;
  };
}

/** The newest row of the ledger for each asset of an agent. */
export async function lastSpends(db: Db, agentId: AgentId): Promise<ReadonlyMap<string, LastSpend>> {
  const rows = await db
    .selectFrom('spend_ledger')
    .select(['asset', 'settled_at', 'cumulative', 'seal'])
    .where('agent_id', '=', agentId)
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('spend_ledger as newest')
        .select((max) => max.fn.max('newest.seq').as('seq'))
        .where('newest.agent_id', '=', agentId)
        .groupBy('newest.asset'),
    )
    .execute();
  return new Map(
    rows.map(({ asset, settled_at, cumulative, seal }) => [
      asset,
      { settledAt: settled_at, cumulative: BigInt(cumulative), seal, runs: [] },
    ]),
  );
}
