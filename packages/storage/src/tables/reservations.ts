import type { AgentId, Tier, TransactionStatus } from '@waiaas/core';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';

/** Something reserved and not yet settled or released. */
export interface LiveReservation {
  readonly id: string;
  readonly sessionId: string;
  readonly asset: string;
  /** Base units. */
  readonly amount: bigint;
  readonly tier: Tier | null;
  readonly status: TransactionStatus;
}

/**
 * All live reservations of an agent's payments, to be summed in BigInt (04 §13), as its sealed head has them: what the rows say by now
 * changes nothing about them. Null when the head cannot be believed: then nothing may be allowed.
 *
 * @throws WaiaasError KEYSTORE_LOCKED when it cannot be told yet
 */
export function liveReservations(db: Db, agentId: AgentId): readonly LiveReservation[] | null {
  const head = headsOf(db).read(agentId);
  if (head === null) return null;
  const reservations: LiveReservation[] = [];
  for (const [id, { sessionId, asset, reserved, tier, status }] of head.open) {
    if (reserved !== null && sessionId !== null)
      reservations.push({ id, sessionId, asset, amount: reserved, tier, status });
  }
  return reservations;
}
