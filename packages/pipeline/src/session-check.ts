import {
  type AssetId,
  canonicalJson,
  type SessionConstraints,
  type SessionUsage,
  type TransactionType,
} from '@waiaas/core';
import type { LiveReservation } from '@waiaas/storage';
import { reservedOf } from './decide.ts';
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
  /** What its payments under way hold of the native asset, base units. */
  readonly reserved: bigint;
  /** How many of its payments are under way, of whatever asset. */
  readonly underWay: number;
}

/** What a session has under way, of all that its agent has. */
export function underWayOf(
  live: readonly LiveReservation[],
  sessionId: string,
  native: AssetId,
): Pick<SessionUse, 'reserved' | 'underWay'> {
  const own = live.filter((reservation) => reservation.sessionId === sessionId);
  return { reserved: reservedOf(own, native), underWay: own.length };
}

/** A limit with what is used of it. What is reserved is under way and counts as used. */
export interface Room<Amount> {
  readonly limit: Amount;
  readonly used: Amount;
  readonly reserved: Amount;
}

/** What the limits of a session leave. Null: no such limit. Amounts are base units of the native asset. */
export interface SessionRoom {
  readonly perTransaction: bigint | null;
  readonly total: Room<bigint> | null;
  readonly transactions: Room<number> | null;
}

/** One check of a session, for the record of a decision. */
export interface SessionCriterion {
  readonly rule: keyof SessionConstraints | 'session';
  readonly observed: bigint | number | string;
  readonly limit: bigint | number | null;
  readonly passed: boolean;
}

/** Whether a session permits a payment, and what was checked; the last check is the one that refused. */
export interface SessionVerdict {
  /** Null when it permits the payment. */
  readonly refusal: Refusal | null;
  readonly criteria: readonly SessionCriterion[];
}

/** The canonical encoding of checks, for the record of a decision. */
export const encodeCriteria = (criteria: readonly SessionCriterion[]): string =>
  canonicalJson(criteria.map((criterion) => ({ ...criterion })));

/** What is left of a limit, zero at least. */
export const remainingOf = (room: Room<bigint>): bigint => {
  const left = room.limit - room.used - room.reserved;
  return left > 0n ? left : 0n;
};

/** What the limits of a session leave for payments in its native asset. The one place where use is summed up. */
export function sessionRoom(constraints: SessionConstraints, use: SessionUse): SessionRoom {
  const { maxAmountPerTx, maxTotalAmount, maxTransactions } = constraints;
  const { usage, reserved, underWay } = use;
  return {
    perTransaction: maxAmountPerTx === undefined ? null : BigInt(maxAmountPerTx),
    total:
      maxTotalAmount === undefined
        ? null
        : { limit: BigInt(maxTotalAmount), used: BigInt(usage.totalAmount), reserved },
    transactions:
      maxTransactions === undefined ? null : { limit: maxTransactions, used: usage.totalTx, reserved: underWay },
  };
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

/** EVM addresses name the same account in every spelling; Solana addresses have only one (03 §9). */
const sameAddress = (listed: string, to: string): boolean =>
  listed === to || (/^0x[0-9a-fA-F]{40}$/.test(to) && listed.toLowerCase() === to.toLowerCase());

/**
 * The five checks of a session's constraints, in their order; the first failure wins (04 §6.2, 03 §11). What is under
 * way counts as used, so that parallel requests cannot share the same head-room. Present but empty lists permit nothing.
 */
export function checkSession(constraints: SessionConstraints, demand: SessionDemand, use: SessionUse): SessionVerdict {
  const criteria: SessionCriterion[] = [];
  /** Notes a check and says whether it failed. */
  const fails = (
    rule: SessionCriterion['rule'],
    observed: SessionCriterion['observed'],
    limit: SessionCriterion['limit'],
    passed: boolean,
  ): boolean => {
    criteria.push({ rule, observed, limit, passed });
    return !passed;
  };
  const verdict = (refusal: Refusal | null): SessionVerdict => ({ refusal, criteria });

  const { perTransaction, total, transactions } = sessionRoom(constraints, use);
  // Amount limits are in native base units; another asset's base units must not be held against them (03 §9).
  if (demand.asset !== demand.nativeAsset && (perTransaction !== null || total !== null)) {
    fails(perTransaction === null ? 'maxTotalAmount' : 'maxAmountPerTx', demand.asset, null, false);
    return verdict(violated('SESSION_ASSET_DENIED'));
  }
  if (
    perTransaction !== null &&
    fails('maxAmountPerTx', demand.amount, perTransaction, demand.amount <= perTransaction)
  ) {
    return verdict(exceeded('SESSION_LIMIT_PER_TX', perTransaction));
  }
  if (total !== null) {
    const after = total.used + total.reserved + demand.amount;
    if (fails('maxTotalAmount', after, total.limit, after <= total.limit))
      return verdict(exceeded('SESSION_LIMIT_TOTAL', total.limit));
  }
  if (transactions !== null) {
    const before = transactions.used + transactions.reserved;
    if (fails('maxTransactions', before, transactions.limit, before < transactions.limit))
      return verdict(exceeded('SESSION_LIMIT_TX_COUNT', transactions.limit));
  }
  const { allowedOperations, allowedDestinations } = constraints;
  if (
    allowedOperations !== undefined &&
    fails('allowedOperations', demand.type, null, allowedOperations.includes(demand.type))
  ) {
    return verdict(violated('SESSION_OPERATION_DENIED'));
  }
  if (
    allowedDestinations !== undefined &&
    fails(
      'allowedDestinations',
      demand.to,
      null,
      allowedDestinations.some((listed) => sameAddress(listed, demand.to)),
    )
  ) {
    return verdict(violated('SESSION_DESTINATION_DENIED'));
  }
  return verdict(null);
}
