import { agentId, type RowSealer } from '@waiaas/core';
import { accountRentSince, countAccountRent, type Db, type TransactionRow } from '@waiaas/storage';
import type { Refusal } from './refusal.ts';

/** The window in which opened accounts are counted, seconds. */
const DAY_SECONDS = 86_400;

/** What the rule works with. */
export interface AccountRentRule {
  readonly sealer: RowSealer;
  /** Most that an agent may put into accounts of its recipients in any 24 hours, base units of the native asset. */
  readonly maxDaily: bigint;
}

/** A payment, as far as the rule looks at it. */
type RentPayer = Pick<TransactionRow, 'id' | 'agent_id' | 'tier' | 'recall_id'>;

/** Whether the rule is about a payment: not when an owner has signed for it, nor when it takes funds back. */
const isBound = ({ tier, recall_id }: RentPayer): boolean => tier !== 'APPROVAL' && recall_id === null;

/**
 * What an agent has put into accounts of its recipients in the last 24 hours, base units of the native asset; null when that is not
 * known.
 */
export const accountRentSpent = (
  db: Db,
  sealer: RowSealer,
  agent: TransactionRow['agent_id'],
  now: number,
): Promise<bigint | null> => accountRentSince(db, sealer, agentId(agent), now - DAY_SECONDS);

/**
 * Why a payment may not open an account for its recipient; null when it may. What that takes is money beside the amount, and the
 * recipient can take it out again: with a token that is worth nothing, it would be a way past the limits of the native asset. So
 * it has a limit of its own, for all that no owner has signed for and that is no recall. Asked in the unit of work that records
 * what is sent.
 */
export async function accountRentObjection(
  db: Db,
  { sealer, maxDaily }: AccountRentRule,
  row: RentPayer,
  rent: bigint,
  now: number,
): Promise<Refusal | null> {
  if (rent === 0n || !isBound(row)) return null;
  const spent = await accountRentSpent(db, sealer, row.agent_id, now);
  if (spent !== null && spent + rent <= maxDaily) return null;
  const reason =
    spent === null
      ? 'What was spent on accounts for recipients is not known'
      : 'The recipient has no account for this token, and the agent has opened as many today as it may';
  const details = { reason, limit: maxDaily, requested: rent, ...(spent === null ? {} : { spent }) };
  return { code: 'POLICY_DENIED', token: 'ACCOUNT_RENT_LIMIT', reason, message: `${reason}.`, details };
}

/** Counts what a payment puts into an account, in the unit of work that records it and has asked for objections. */
export async function countRent(
  db: Db,
  { sealer }: AccountRentRule,
  row: RentPayer,
  rent: bigint,
  now: number,
): Promise<void> {
  if (rent === 0n || !isBound(row)) return;
  const payment = { txId: row.id, amount: rent, now, since: now - DAY_SECONDS };
  await countAccountRent(db, sealer, agentId(row.agent_id), payment);
}
