import { isTerminal, type RowSealer, type TransactionStatus } from '@waiaas/core';
import { headsOf } from '../heads/head-keeper.ts';
import { type Admissions, REMEMBERED, withAdmission, withoutAdmission } from '../heads/recent-admissions.ts';
import type { Db } from '../query-executor.ts';
import { sessionOf, transactionContent } from '../seals.ts';
import { changeRows, insertRow, settingsOf } from '../statement.ts';
import { mergeMetadata, readMetadata } from '../transaction-metadata.ts';
import { hashesOf, type SignedBytes, variantsWhenReplaced } from '../transaction-variants.ts';
import { appendAudit } from './audit-log.ts';
import { reportBrokenHead, reportBrokenTransaction } from './heads.ts';
import type { TransactionRow } from './transactions.ts';

/*
 * Every state of a transaction is sealed by the functions of this file and by nothing else (00 §3). What acts upon a
 * payment takes an `AuthenticTransaction`, which only these functions make.
 */

declare const authentic: unique symbol;
/** A transaction in a state that this daemon's vault has sealed. Only such a one is acted upon. */
export type AuthenticTransaction = TransactionRow & { readonly [authentic]: true };

/** Whether a state of a transaction is one that the daemon has sealed: the newest, or an older one. */
export const isStateAuthentic = (sealer: RowSealer, row: TransactionRow): row is AuthenticTransaction => {
  try {
    return sealer.verify(transactionContent(row), row.state_seal);
  } catch (error) {
    // Content that cannot even be encoded was written by somebody else.
    if (error instanceof TypeError) return false;
    throw error;
  }
};

/** Whether something is still to come of a transaction. */
const isOpen = (row: Pick<TransactionRow, 'status' | 'late_check_at'>): boolean =>
  !isTerminal(row.status) || row.late_check_at !== null;

/**
 * A row as one that may be acted upon; null when its state is not the one the daemon has sealed last. An older state of the
 * same row has a seal as well: the head of its agent knows which one is the newest.
 *
 * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
 */
export async function authenticTransaction(
  db: Db,
  sealer: RowSealer,
  row: TransactionRow,
): Promise<AuthenticTransaction | null> {
  if (!isStateAuthentic(sealer, row)) return null;
  const newest = headsOf(db).read(row.agent_id)?.open.get(row.id);
  // An end is final, and needs no head: nothing follows upon it.
  const isNewest = isOpen(row) ? newest?.seal === row.state_seal : newest === undefined;
  return isNewest ? row : null;
}

/** Reports that a transaction is not what the daemon wrote, or nothing of its agent is: as critical, and once. */
export async function reportBrokenSeal(db: Db, row: TransactionRow, now: number): Promise<void> {
  if (headsOf(db).read(row.agent_id) === null) return reportBrokenHead(db, row.agent_id, now);
  return reportBrokenTransaction(db, { id: row.id, agentId: row.agent_id, status: row.status }, now);
}

/**
 * A row as one that may be acted upon, or null, which is reported: whoever gets null leaves the row as it is. It keeps
 * its reservation, for nobody can say what has become of its payment.
 *
 * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
 */
export async function authenticate(
  db: Db,
  sealer: RowSealer,
  row: TransactionRow,
  now: number,
): Promise<AuthenticTransaction | null> {
  const found = await authenticTransaction(db, sealer, row);
  if (found === null) await reportBrokenSeal(db, row, now);
  return found;
}

/** What is known of a transaction before it is decided. */
export type NewTransaction = Pick<
  TransactionRow,
  | 'id'
  | 'agent_id'
  | 'session_id'
  | 'chain'
  | 'type'
  | 'asset'
  | 'amount'
  | 'to_address'
  | 'memo'
  | 'fee_priority'
  | 'intent'
  | 'intent_hash'
  | 'intent_seal'
  | 'idempotency_key'
  | 'request_hash'
  | 'created_at'
> & {
  /** Present for the transactions of a recall. */
  readonly recall_id?: string;
};

const UNDECIDED = {
  status: 'PENDING',
  tier: null,
  reserved_amount: null,
  policy_id: null,
  policy_version: null,
  delay_seconds: null,
  approval_timeout_seconds: null,
  queued_at: null,
  execute_after: null,
  approval_expires_at: null,
  claimed_at: null,
  submitted_at: null,
  executed_at: null,
  tx_hash: null,
  last_valid_block_height: null,
  signed_tx: null,
  late_check_at: null,
  error: null,
  metadata: null,
  recall_id: null,
  variants: null,
  state_version: 1,
} as const;

/** Rows this file has just sealed need no check of their own. */
const isJustSealed = (row: TransactionRow): row is AuthenticTransaction => row.state_seal !== '';

function sealed(sealer: RowSealer, row: Omit<TransactionRow, 'state_seal'>): AuthenticTransaction {
  const written: TransactionRow = { ...row, state_seal: sealer.seal(transactionContent(row)) };
  if (!isJustSealed(written)) throw new Error('A seal is never empty');
  return written;
}

/** Whether a payment counts towards the rates of its agent (04 §11). */
const countsInRates = ({ status }: { readonly status: TransactionStatus }): boolean =>
  status !== 'CANCELLED' && status !== 'EXPIRED';

/** Tells the head of its agent which state of a transaction is the newest. */
function noteNewest(db: Db, row: AuthenticTransaction): void {
  const head = headsOf(db).edit(row.agent_id);
  const { open } = head;
  const before = open.get(row.id);
  // Of a rate, what was cancelled or expired is no part any more; once, however often its row is written after that.
  if (head.recent !== null && before !== undefined && row.recall_id === null) {
    if (countsInRates(before) && !countsInRates(row)) head.recent = withoutAdmission(head.recent, row.created_at);
  }
  if (!isOpen(row)) {
    open.delete(row.id);
    return;
  }
  open.set(row.id, {
    seal: row.state_seal,
    sessionId: before?.sessionId ?? sessionOf(row),
    asset: row.asset,
    reserved: row.reserved_amount === null || row.recall_id !== null ? null : BigInt(row.reserved_amount),
    tier: row.tier,
    status: row.status,
  });
}

/** Whether a transaction has not been begun: nothing of it was ever signed. */
export const isStillWaiting = (status: TransactionStatus): boolean => status === 'PENDING' || status === 'QUEUED';

/**
 * Ends a transaction that waits and of which the file no longer has what the daemon wrote, in the head of its agent: from then
 * on no row of it is acted upon, whatever is put back into the file, and it reserves nothing. Its row stays as somebody has
 * left it. The audit log tells of it, against every head that still knows the transaction.
 *
 * @throws Error for one that was begun: it may be on the chain
 */
export async function forgetUnreadable(db: Db, agentId: string, id: string, now: number): Promise<void> {
  const { open } = headsOf(db).edit(agentId);
  const status = open.get(id)?.status;
  if (status === undefined || !isStillWaiting(status)) throw new Error('Only what waits can be forgotten');
  open.delete(id);
  const details = { reason: 'TRANSACTION_NOT_AUTHENTIC' };
  await appendAudit(db, now, { event: 'TX_CANCELLED', actor: 'system', agentId, txId: id, details });
}

/** Inserts a transaction as PENDING. */
export async function insertPending(db: Db, sealer: RowSealer, row: NewTransaction): Promise<AuthenticTransaction> {
  const pending = sealed(sealer, { ...UNDECIDED, ...row });
  await insertRow(db, 'transactions', pending);
  noteNewest(db, pending);
  if (pending.recall_id === null) await noteAdmission(db, pending);
  return pending;
}

/** Counts a payment towards rates, in the sealed head of its agent. */
async function noteAdmission(db: Db, { id, agent_id, created_at }: AuthenticTransaction): Promise<void> {
  const head = headsOf(db).edit(agent_id);
  head.recent = withAdmission(head.recent ?? (await recentInRows(db, agent_id, created_at, id)), created_at);
}

/** The same from the transactions but one, where a head is from before they were counted there. */
async function recentInRows(db: Db, agentId: string, now: number, except: string): Promise<readonly Admissions[]> {
  const rows = await db
    .selectFrom('transactions')
    .select((eb) => ['created_at as at', eb.fn.countAll<number>().as('count')])
    .where('agent_id', '=', agentId)
    .where('created_at', '>', now - REMEMBERED)
    .where('status', 'not in', ['CANCELLED', 'EXPIRED'])
    .where('recall_id', 'is', null)
    .where('id', '<>', except)
    .groupBy('created_at')
    .orderBy('created_at')
    .execute();
  return rows;
}

/** Columns that change. The intent never does. */
type Changes = Partial<Omit<TransactionRow, keyof NewTransaction | 'state_version' | 'state_seal'>>;

/**
 * Puts the next state in the place of one, compare-and-set: null when the row is no longer in that state. What is sealed
 * follows from the state that was handed in, not from what the file says by now.
 */
async function moveOn(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
  changes: Changes,
): Promise<AuthenticTransaction | null> {
  const after = sealed(sealer, { ...before, ...changes, state_version: before.state_version + 1 });
  const { state_version, state_seal } = after;
  const set = { ...changes, state_version, state_seal };
  const changed = await changeRows(
    db,
    `UPDATE transactions SET ${settingsOf(set)} WHERE id = ? AND state_version = ? AND state_seal = ?`,
    [...Object.values(set), before.id, before.state_version, before.state_seal],
  );
  if (changed !== 1n) return null;
  noteNewest(db, after);
  return after;
}

/** What moves with a transition. */
export type TransitionFields = Pick<
  Changes,
  | 'tier'
  | 'reserved_amount'
  | 'policy_id'
  | 'policy_version'
  | 'delay_seconds'
  | 'approval_timeout_seconds'
  | 'queued_at'
  | 'execute_after'
  | 'approval_expires_at'
  | 'claimed_at'
  | 'submitted_at'
  | 'executed_at'
  | 'late_check_at'
  | 'tx_hash'
  | 'signed_tx'
  | 'variants'
  | 'error'
  | 'metadata'
>;

/**
 * Moves a transaction to its next state, sealed, compare-and-set (04 §3). Answers the row as it is then, or null when it
 * is no longer the one that was handed in: the caller lost a race and must do nothing further. The database refuses pairs
 * outside the matrix.
 */
export const transition = (
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
  to: TransactionStatus,
  fields: TransitionFields = {},
): Promise<AuthenticTransaction | null> => moveOn(db, sealer, before, { ...fields, status: to });

/** The record that is made before anything is sent (T4): hash, bound and bytes of the one transaction for this intent. */
export interface BroadcastRecord {
  readonly txHash: string;
  readonly lastValidBlockHeight: bigint | null;
  readonly signedTx: Uint8Array;
  /** Its place among the transactions of its wallet; absent on chains that have none. */
  readonly nonce?: bigint;
  /** What it puts into an account opened for the recipient, base units of the native asset; absent when it opens none. */
  readonly accountRent?: bigint;
  /** Hashes of what it takes the place of, of other payments with its nonce; absent when it takes the place of none. */
  readonly displaces?: readonly string[];
}

/**
 * Stores what is about to be broadcast (04 §6.5). Null when the transaction is not EXECUTING or has been signed before:
 * then nothing may be sent.
 */
export async function recordBroadcast(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
  record: BroadcastRecord,
): Promise<AuthenticTransaction | null> {
  if (before.status !== 'EXECUTING' || before.tx_hash !== null) return null;
  const { nonce, accountRent, displaces } = record;
  const kept = {
    ...(nonce === undefined ? {} : { nonce }),
    ...(accountRent === undefined ? {} : { accountRent }),
    ...(displaces === undefined ? {} : { displaces }),
  };
  return moveOn(db, sealer, before, {
    tx_hash: record.txHash,
    last_valid_block_height: record.lastValidBlockHeight?.toString() ?? null,
    signed_tx: record.signedTx,
    ...(Object.keys(kept).length === 0 ? {} : { metadata: mergeMetadata(before, kept) }),
  });
}

/**
 * Stores another signed variant of a transaction that was sent: the same payment with the same nonce for another fee, so
 * that at most one of all can land. What was signed before is kept beside it. Null when the transaction is no longer in the
 * state that was handed in, or was never sent: then the variant must not be sent.
 *
 * @param now Unix seconds
 */
export async function recordVariant(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
  variant: SignedBytes,
  now: number,
): Promise<AuthenticTransaction | null> {
  if (before.status !== 'SUBMITTED') return null;
  return moveOn(db, sealer, before, {
    tx_hash: variant.txHash,
    signed_tx: variant.bytes,
    variants: variantsWhenReplaced(before, now),
  });
}

/** Marks a transaction that was sent as one that is watched and never sent again. Null when it is under way no more. */
export async function watchOnly(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
): Promise<AuthenticTransaction | null> {
  if (before.status !== 'SUBMITTED') return null;
  return moveOn(db, sealer, before, { metadata: mergeMetadata(before, { watchedOnly: true }) });
}

/** Moves the time of a delayed transaction that is still queued. Never to an earlier one: then null, nothing was changed. */
export async function postponeDelay(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
  until: number,
): Promise<AuthenticTransaction | null> {
  const { status, tier, execute_after } = before;
  if (status !== 'QUEUED' || tier !== 'DELAY' || execute_after === null || execute_after >= until) return null;
  return moveOn(db, sealer, before, { execute_after: until });
}

/**
 * Notes beside a payment that waits for an approval that the owner means to give it. Nothing follows from it: the payment
 * stays what it is, and ends when it would have. Null when it does not wait.
 */
export async function notePreApproval(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
  note: { readonly at: number; readonly by: string },
): Promise<AuthenticTransaction | null> {
  if (before.status !== 'QUEUED' || before.tier !== 'APPROVAL') return null;
  return moveOn(db, sealer, before, { metadata: mergeMetadata(before, { preApproved: note }) });
}

/** When the owner meant to approve a payment, Unix seconds; null when they have not said so. */
export function preApprovedAt(row: Pick<TransactionRow, 'metadata'>): number | null {
  const { preApproved } = readMetadata(row);
  const isNote = typeof preApproved === 'object' && preApproved !== null && 'at' in preApproved;
  return isNote && typeof preApproved.at === 'number' ? preApproved.at : null;
}

/** Marks the last look-up of a transaction as done. */
export async function clearLateCheck(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
): Promise<AuthenticTransaction | null> {
  return before.late_check_at === null ? null : moveOn(db, sealer, before, { late_check_at: null });
}

/** Looks a transaction that has ended up another time, Unix seconds. */
export async function postponeLateCheck(
  db: Db,
  sealer: RowSealer,
  before: AuthenticTransaction,
  until: number,
): Promise<AuthenticTransaction | null> {
  return before.late_check_at === null ? null : moveOn(db, sealer, before, { late_check_at: until });
}

/**
 * Whether a transaction of the chain is one of another row of the same agent, by any of its variants. Only what the daemon
 * wrote counts.
 */
export async function isOfAnotherRow(
  db: Db,
  sealer: RowSealer,
  row: AuthenticTransaction,
  txHash: string,
): Promise<boolean> {
  const others = await db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', row.agent_id)
    .where('id', '<>', row.id)
    .where((where) => where.or([where('tx_hash', '=', txHash), where('variants', 'like', `%"${txHash}"%`)]))
    .execute();
  return others.some((other) => isStateAuthentic(sealer, other) && hashesOf(other).includes(txHash));
}

/** Transactions from before states were sealed, after one of them. */
export const listUnsealed = (db: Db, after: string, limit: number): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('state_version', '=', 0)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();

/**
 * Seals a row from before states were sealed, as it is. For bringing a database up to date and for nothing else: the caller
 * has checked whatever can be checked.
 */
export async function sealAsFound(db: Db, sealer: RowSealer, row: TransactionRow): Promise<void> {
  if (row.state_version !== 0) throw new Error('The state of this transaction was sealed before');
  const { state_version, state_seal } = sealed(sealer, { ...row, state_version: 1 });
  await changeRows(db, 'UPDATE transactions SET state_version = ?, state_seal = ? WHERE id = ? AND state_version = 0', [
    state_version,
    state_seal,
    row.id,
  ]);
}
