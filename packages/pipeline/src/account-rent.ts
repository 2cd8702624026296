import { agentId, type RowSealer } from '@waiaas/core';
import { type AuthenticTransaction, accountRentSince, type Db } from '@waiaas/storage';
import type { Refusal } from './refusal.ts';

/** The window in which opened accounts are counted, seconds. */
const DAY_SECONDS = 86_400;

/** What the rule works with. */
export interface AccountRentRule {
  readonly sealer: RowSealer;
  /** Most that an agent may put into accounts of its recipients in any 24 hours, base units of the native asset. */
  readonly maxDaily: bigint;
}

/**
 * Why a payment may not open an account for its recipient; null when it may. What that takes is money beside the amount, and the
 * recipient can take it out again: with a token that is worth nothing, it would be a way past the limits of the native asset. So
 * it has a limit of its own, for all that no owner has signed for and that is no recall. Asked in the unit of work that records
 * what is sent.
 */
export async function accountRentObjection(
  db: Db,
  { sealer, maxDaily }: AccountRentRule,
  row: AuthenticTransaction,
  rent: bigint,
  now: number,
): Promise<Refusal | null> {
  if (rent === 0n || row.tier === 'APPROVAL' || row.recall_id !== null) return null;
  const spent = await accountRentSince(db, sealer, agentId(row.agent_id), now - DAY_SECONDS);
  if (spent !== null && spent + rent <= maxDaily) return null;
  const reason =
    spent === null
      ? 'What was spent on accounts for recipients is not known'
      : 'The recipient has no account for this token, and the agent has opened as many today as it may';
  const details = { reason, limit: maxDaily, requested: rent, ...(spent === null ? {} : { spent }) };
  return { code: 'POLICY_DENIED', token: 'ACCOUNT_RENT_LIMIT', reason, message: `${reason}.`, details };
}
