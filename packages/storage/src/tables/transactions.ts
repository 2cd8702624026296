import type { AgentId, Chain, Network, TransactionId, TransactionStatus } from '@waiaas/core';
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { TransactionsTable } from '../schema.ts';

/** A row of `transactions`. */
export type TransactionRow = Selectable<TransactionsTable>;

/** What is known of a transaction before it is decided. */
export type NewTransaction = Pick<
  Insertable<TransactionsTable>,
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
>;

/** Inserts a transaction as PENDING. */
export async function insertPending(db: Db, row: NewTransaction): Promise<void> {
  await db
    .insertInto('transactions')
    .values({ ...row, status: 'PENDING' })
    .execute();
}

export const findTransaction = (db: Db, id: string): Promise<TransactionRow | undefined> =>
  db.selectFrom('transactions').selectAll().where('id', '=', id).executeTakeFirst();

export const findByIdempotencyKey = (db: Db, agentId: AgentId, key: string): Promise<TransactionRow | undefined> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('idempotency_key', '=', key)
    .executeTakeFirst();

/** What moves with a transition. The intent never does. */
export type TransitionFields = Pick<
  Updateable<TransactionsTable>,
  | 'tier'
  | 'reserved_amount'
  | 'policy_id'
  | 'policy_version'
  | 'delay_seconds'
  | 'approval_timeout_seconds'
  | 'queued_at'
  | 'execute_after'
  | 'approval_expires_at'
  | 'submitted_at'
  | 'executed_at'
  | 'late_check_at'
  | 'signed_tx'
  | 'error'
  | 'metadata'
>;

/**
 * Moves a transaction from one state to another, compare-and-set (04 §3). False when it was not in that state: the
 * caller lost a race and must do nothing further. The database refuses pairs outside the matrix.
 */
export async function transition(
  db: Db,
  id: TransactionId,
  from: TransactionStatus,
  to: TransactionStatus,
  fields: TransitionFields = {},
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('transactions')
    .set({ ...fields, status: to })
    .where('id', '=', id)
    .where('status', '=', from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The record that is made before anything is sent (T4): hash, bound and bytes of the one transaction for this intent. */
export interface BroadcastRecord {
  readonly txHash: string;
  readonly lastValidBlockHeight: bigint | null;
  readonly signedTx: Uint8Array;
}

/**
 * Stores what is about to be broadcast (04 §6.5). False when the transaction is not EXECUTING or has been signed before:
 * then nothing may be sent.
 */
export async function recordBroadcast(db: Db, id: TransactionId, record: BroadcastRecord): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('transactions')
    .set({
      tx_hash: record.txHash,
      last_valid_block_height: record.lastValidBlockHeight?.toString() ?? null,
      signed_tx: record.signedTx,
    })
    .where('id', '=', id)
    .where('status', '=', 'EXECUTING')
    .where('tx_hash', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Signed bytes of a transaction that may still land. */
export interface SignedBytes {
  readonly txHash: string;
  readonly bytes: Uint8Array;
}

/**
 * What was signed for a wallet and may still land: recorded for broadcast, and not proven to have ended. Adapters of chains
 * with nonces choose the next one by it.
 */
export async function listSignedOf(
  db: Db,
  wallet: { readonly chain: Chain; readonly network: Network; readonly address: string },
): Promise<SignedBytes[]> {
  const rows = await db
    .selectFrom('transactions')
    .innerJoin('agents', 'agents.id', 'transactions.agent_id')
    .select(['transactions.tx_hash', 'transactions.signed_tx'])
    .where('agents.public_key', '=', wallet.address)
    .where('agents.chain', '=', wallet.chain)
    .where('agents.network', '=', wallet.network)
    .where('transactions.status', 'in', ['EXECUTING', 'SUBMITTED'])
    .orderBy('transactions.id')
    .execute();
  return rows.flatMap(({ tx_hash, signed_tx }) =>
    tx_hash === null || signed_tx === null ? [] : [{ txHash: tx_hash, bytes: signed_tx }],
  );
}

/** Something reserved and not yet settled or released. */
export interface LiveReservation {
  readonly id: string;
  readonly session_id: string | null;
  readonly asset: string;
  readonly reserved_amount: string | null;
  readonly tier: TransactionRow['tier'];
  readonly status: TransactionStatus;
}

/** All live reservations of an agent, to be summed in BigInt (04 §13). */
export const liveReservations = (db: Db, agentId: AgentId): Promise<LiveReservation[]> =>
  db
    .selectFrom('transactions')
    .select(['id', 'session_id', 'asset', 'reserved_amount', 'tier', 'status'])
    .where('agent_id', '=', agentId)
    .where('reserved_amount', 'is not', null)
    .execute();

/** Transactions in one state, oldest first: for recovery and the workers. */
export const listByStatus = (db: Db, status: TransactionStatus): Promise<TransactionRow[]> =>
  db.selectFrom('transactions').selectAll().where('status', '=', status).orderBy('id').execute();

/** Ids of queued approvals whose deadline has come. */
export const listOverdueApprovals = (db: Db, now: number) =>
  db
    .selectFrom('transactions')
    .select(['id', 'agent_id'])
    .where('status', '=', 'QUEUED')
    .where('tier', '=', 'APPROVAL')
    .where('approval_expires_at', '<=', now)
    .orderBy('id')
    .execute();

/** Transactions that ended without landing and are due for their last look-up. */
export const listLateChecks = (db: Db, now: number): Promise<TransactionRow[]> =>
  db.selectFrom('transactions').selectAll().where('late_check_at', '<=', now).orderBy('id').limit(100).execute();

/** Marks the last look-up of a transaction as done. */
export async function clearLateCheck(db: Db, id: TransactionId): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('transactions')
    .set({ late_check_at: null })
    .where('id', '=', id)
    .where('late_check_at', 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Queued or pending transactions of a session. */
export const listWaitingOfSession = (db: Db, sessionId: string) =>
  db
    .selectFrom('transactions')
    .select(['id', 'agent_id', 'status'])
    .where('session_id', '=', sessionId)
    .where('status', 'in', ['PENDING', 'QUEUED'])
    .orderBy('id')
    .execute();

/** Which transactions of an agent to list, and where to start. */
export interface TransactionQuery {
  readonly agentId: AgentId;
  readonly status?: TransactionStatus | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** A page of an agent's transactions. */
export const listTransactions = (db: Db, query: TransactionQuery): Promise<TransactionRow[]> => {
  let select = db.selectFrom('transactions').selectAll().where('agent_id', '=', query.agentId);
  if (query.status !== undefined) select = select.where('status', '=', query.status);
  if (query.cursor !== undefined) select = select.where('id', query.order === 'desc' ? '<' : '>', query.cursor);
  return select.orderBy('id', query.order).limit(query.limit).execute();
};

/** An agent's transactions that wait for time or for the owner, newest first. */
export const listPendingOfAgent = (db: Db, agentId: AgentId): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('status', '=', 'QUEUED')
    .where('tier', 'in', ['DELAY', 'APPROVAL'])
    .orderBy('queued_at', 'desc')
    .orderBy('id', 'desc')
    .execute();

/** Inserts the row that will hold the evidence of an approval (04 §2). */
export async function insertPendingApproval(
  db: Db,
  approval: { id: string; txId: TransactionId; expiresAt: number; now: number },
): Promise<void> {
  await db
    .insertInto('pending_approvals')
    .values({
      id: approval.id,
      tx_id: approval.txId,
      required_by: approval.expiresAt,
      expires_at: approval.expiresAt,
      approved_at: null,
      rejected_at: null,
      owner_signature: null,
      message: null,
      created_at: approval.now,
    })
    .execute();
}

/** A waiting transaction with the name of its agent. */
export type WaitingTransaction = TransactionRow & { readonly agent_name: string; readonly network: Network };

/** Which waiting transactions to list, and where to start. */
export interface WaitingQuery {
  readonly agentId?: string | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Transactions of all agents that wait for time or for the owner. */
export const listWaiting = (db: Db, query: WaitingQuery): Promise<WaitingTransaction[]> => {
  let select = db
    .selectFrom('transactions')
    .innerJoin('agents', 'agents.id', 'transactions.agent_id')
    .selectAll('transactions')
    .select(['agents.name as agent_name', 'agents.network'])
    .where('transactions.status', '=', 'QUEUED')
    .where('transactions.tier', 'in', ['DELAY', 'APPROVAL']);
  if (query.agentId !== undefined) select = select.where('transactions.agent_id', '=', query.agentId);
  if (query.cursor !== undefined)
    select = select.where('transactions.id', query.order === 'desc' ? '<' : '>', query.cursor);
  return select.orderBy('transactions.id', query.order).limit(query.limit).execute();
};

/** How many transactions wait for an approval. */
export async function countWaitingApprovals(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom('transactions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('status', '=', 'QUEUED')
    .where('tier', '=', 'APPROVAL')
    .executeTakeFirstOrThrow();
  return n;
}

/** Queued transactions of one tier, oldest first. */
export const listQueuedOfTier = (db: Db, tier: NonNullable<TransactionRow['tier']>): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('status', '=', 'QUEUED')
    .where('tier', '=', tier)
    .orderBy('id')
    .execute();

/** Delayed transactions whose time has come, those that waited longest first. */
export const listDueDelays = (db: Db, now: number, limit: number): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('status', '=', 'QUEUED')
    .where('tier', '=', 'DELAY')
    .where('execute_after', '<=', now)
    .orderBy('execute_after')
    .orderBy('id')
    .limit(limit)
    .execute();

/** What proves a decision of the owner; null for one of the operator, who signs nothing. */
export interface OwnerEvidence {
  readonly message: string;
  readonly signature: string;
}

/** Keeps the evidence of an approval or a rejection, so that it can be verified again (04 §2). */
export async function decideApproval(
  db: Db,
  txId: TransactionId,
  decision: { readonly approved: boolean; readonly now: number; readonly evidence: OwnerEvidence | null },
): Promise<void> {
  const { approved, now, evidence } = decision;
  await db
    .updateTable('pending_approvals')
    .set({
      ...(approved ? { approved_at: now } : { rejected_at: now }),
      owner_signature: evidence?.signature ?? null,
      message: evidence?.message ?? null,
    })
    .where('tx_id', '=', txId)
    .execute();
}

/** Moves the time of a delayed transaction that is still queued. Never to an earlier one. False: nothing was changed. */
export async function postponeDelay(db: Db, id: TransactionId, until: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('transactions')
    .set({ execute_after: until })
    .where('id', '=', id)
    .where('status', '=', 'QUEUED')
    .where('tier', '=', 'DELAY')
    .where('execute_after', '<', until)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
