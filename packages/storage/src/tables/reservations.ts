import {
  type AgentId,
  decodeIntent,
  decodeRecallIntent,
  type RowSealer,
  type Tier,
  type TransactionStatus,
} from '@waiaas/core';
import type { Db } from '../query-executor.ts';
import { isIntentAuthentic } from '../seals.ts';
import { authenticTransaction } from './transaction-states.ts';
import type { TransactionRow } from './transactions.ts';

/** Something reserved and not yet settled or released. */
export interface LiveReservation {
  readonly id: string;
  readonly sessionId: string | null;
  readonly asset: string;
  /** Base units. */
  readonly amount: bigint;
  readonly tier: Tier | null;
  readonly status: TransactionStatus;
}

/** What an agent has reserved. */
export interface LiveReservations {
  readonly reservations: readonly LiveReservation[];
  /** Rows that somebody else has changed. They count with what their intent says, for as long as they are there. */
  readonly changed: readonly TransactionRow[];
  /** False when it cannot be told what is reserved: then nothing may be allowed. */
  readonly complete: boolean;
}

const reservationOf = (row: TransactionRow): LiveReservation => ({
  id: row.id,
  sessionId: row.session_id,
  asset: row.asset,
  amount: BigInt(row.reserved_amount ?? '0'),
  tier: row.tier,
  status: row.status,
});

/** Whether an intent is one of a recall: what goes back to the owner is no spending of the agent's. */
function isRecallIntent(intent: string): boolean {
  try {
    decodeRecallIntent(intent);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** What a changed row reserves at most: what it was admitted for. Null when even its intent is not authentic. */
function atMost(sealer: RowSealer, row: TransactionRow): LiveReservation | 'none' | null {
  if (!isIntentAuthentic(sealer, row)) return null;
  if (isRecallIntent(row.intent)) return 'none';
  const { sessionId, asset, amount } = decodeIntent(row.intent);
  return { ...reservationOf(row), sessionId, asset, amount };
}

/** All live reservations of an agent's payments, to be summed in BigInt (04 §13), seals checked. */
export async function liveReservations(db: Db, sealer: RowSealer, agentId: AgentId): Promise<LiveReservations> {
  const rows = await db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('reserved_amount', 'is not', null)
    .execute();
  const reservations: LiveReservation[] = [];
  const changed: TransactionRow[] = [];
  let complete = true;
  for (const row of rows) {
    if ((await authenticTransaction(db, sealer, row)) !== null) {
      if (row.recall_id === null) reservations.push(reservationOf(row));
      continue;
    }
    changed.push(row);
    const reservation = atMost(sealer, row);
    if (reservation === null) complete = false;
    else if (reservation !== 'none') reservations.push(reservation);
  }
  return { reservations, changed, complete };
}
