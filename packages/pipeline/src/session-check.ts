import type { AssetId, SessionConstraints, SessionUsage, TransactionType } from '@waiaas/core';
import type { LiveReservation } from '@waiaas/storage';
import type { Refusal } from './refusal.ts';

/** What is asked of a session. */
export interface SessionDemand {
  readonly type: TransactionType;
  readonly asset: AssetId;
  readonly nativeAsset: AssetId;
  readonly amount: bigint;
  readonly to: string;
}

/** What a session has used: settled payments, and what it has under way. */
export interface SessionUse {
  readonly usage: SessionUsage;
  /** Live reservations of this session only. */
  readonly live: readonly LiveReservation[];
}

const exceeded = (
  code: 'SESSION_LIMIT_PER_TX' | 'SESSION_LIMIT_TOTAL' | 'SESSION_LIMIT_TX_COUNT',
  limit: bigint | number,
): Refusal => ({
  code: 'SESSION_LIMIT_EXCEEDED',
  token: code,
  details: { code, limit },
});

const violated = (
  code: 'SESSION_OPERATION_DENIED' | 'SESSION_DESTINATION_DENIED' | 'SESSION_ASSET_DENIED',
): Refusal => ({
  code: 'CONSTRAINT_VIOLATED',
  token: code,
  details: { code },
});

/**
 * The five checks of a session's constraints, in their order; the first failure wins (04 §6.2, 03 §11). What is under
 * way counts as used, so that parallel requests cannot share the same head-room. Present but empty lists permit nothing.
 *
 * @returns null when the session permits the payment
 */
export function checkSession(constraints: SessionConstraints, demand: SessionDemand, use: SessionUse): Refusal | null {
  const { maxAmountPerTx, maxTotalAmount, maxTransactions, allowedOperations, allowedDestinations } = constraints;
  // Amount limits are in native base units; another asset's base units must not be held against them (03 §9).
  const native = demand.asset === demand.nativeAsset;
  if (!native && (maxAmountPerTx !== undefined || maxTotalAmount !== undefined))
    return violated('SESSION_ASSET_DENIED');
  if (maxAmountPerTx !== undefined && demand.amount > BigInt(maxAmountPerTx)) {
    return exceeded('SESSION_LIMIT_PER_TX', BigInt(maxAmountPerTx));
  }
  if (maxTotalAmount !== undefined) {
    let total = BigInt(use.usage.totalAmount) + demand.amount;
    for (const row of use.live) if (row.asset === demand.asset) total += BigInt(row.reserved_amount ?? '0');
    if (total > BigInt(maxTotalAmount)) return exceeded('SESSION_LIMIT_TOTAL', BigInt(maxTotalAmount));
  }
  if (maxTransactions !== undefined && use.usage.totalTx + use.live.length >= maxTransactions) {
    return exceeded('SESSION_LIMIT_TX_COUNT', maxTransactions);
  }
  if (allowedOperations !== undefined && !allowedOperations.includes(demand.type))
    return violated('SESSION_OPERATION_DENIED');
  if (allowedDestinations !== undefined && !allowedDestinations.includes(demand.to))
    return violated('SESSION_DESTINATION_DENIED');
  return null;
}
