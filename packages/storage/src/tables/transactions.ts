import {
  type AgentId,
  type Chain,
  isTerminal,
  type Network,
  type Tier,
  type TransactionId,
  type TransactionStatus,
} from '@waiaas/core';
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { TransactionsTable } from '../schema.ts';
import { firstOf } from '../statement.ts';
import { isWatchedOnly } from '../transaction-metadata.ts';
import { type SignedBytes, signedVariants } from '../transaction-variants.ts';

/** A row of `transactions`. */
export type TransactionRow = Selectable<TransactionsTable>;

/** States that are no end. */
export type OpenStatus = Extract<TransactionStatus, 'PENDING' | 'QUEUED' | 'EXECUTING' | 'SUBMITTED'>;

/**
 * Of what is not at its end, in the very words of the partial index over it: SQLite takes that index for nothing else, and would
 * otherwise read all transactions there ever were.
 */
export const isOpen = (): RawBuilder<SqlBool> =>
  sql<SqlBool>`(transactions.status = 'PENDING' OR transactions.status = 'QUEUED' OR transactions.status = 'EXECUTING' OR transactions.status = 'SUBMITTED')`;

/** The same of what is at its end. */
const isEnded = (): RawBuilder<SqlBool> =>
  sql<SqlBool>`(transactions.status = 'CONFIRMED' OR transactions.status = 'FAILED' OR transactions.status = 'CANCELLED' OR transactions.status = 'EXPIRED')`;

/** The same of what has ended otherwise than well. */
const isUnpaid = (): RawBuilder<SqlBool> =>
  sql<SqlBool>`(transactions.status = 'FAILED' OR transactions.status = 'CANCELLED' OR transactions.status = 'EXPIRED')`;

/** By id, but sorted: with the sign, SQLite does not take for the order's sake an index over all there ever were. */
const byId = (): RawBuilder<string> => sql<string>`+transactions.id`;

/** In a state, for an agent, by the index over such states. Of those that are no end there are few, whosever they are. */
const isIn = (status: TransactionStatus): RawBuilder<SqlBool> =>
  sql<SqlBool>`(transactions.status = ${status} AND ${isTerminal(status) ? isEnded() : isOpen()})`;

/**
 * In a state, for all agents. Most payments end well, so that the newest of those are found by looking through the newest of all:
 * with the sign, SQLite does not take an index for it, and need not sort.
 */
function isInForAll(status: TransactionStatus): RawBuilder<SqlBool> {
  if (status === 'CONFIRMED') return sql<SqlBool>`+transactions.status = ${status}`;
  return sql<SqlBool>`(transactions.status = ${status} AND ${isTerminal(status) ? isUnpaid() : isOpen()})`;
}

export const findTransaction = (db: Db, id: string): Promise<TransactionRow | undefined> =>
  firstOf<TransactionRow>(db, 'SELECT * FROM transactions WHERE id = ?', [id]);

export const findByIdempotencyKey = (db: Db, agentId: AgentId, key: string): Promise<TransactionRow | undefined> =>
  firstOf<TransactionRow>(db, 'SELECT * FROM transactions WHERE agent_id = ? AND idempotency_key = ?', [agentId, key]);

/**
 * What was signed for a wallet and may still be sent: recorded for broadcast, and not proven to have ended; of a transaction
 * with several variants, all of them. Adapters of chains with nonces choose the next one by it. What is only watched is not
 * among it: where no node has it, nobody sends it, and what comes after it would wait for ever; where one has it, its pool
 * says so.
 */
export async function listSignedOf(
  db: Db,
  wallet: { readonly chain: Chain; readonly network: Network; readonly address: string },
): Promise<SignedBytes[]> {
  const rows = await db
    .selectFrom('transactions')
    .innerJoin('agents', 'agents.id', 'transactions.agent_id')
    .select(['transactions.tx_hash', 'transactions.signed_tx', 'transactions.variants', 'transactions.metadata'])
    .where('agents.public_key', '=', wallet.address)
    .where('agents.chain', '=', wallet.chain)
    .where('agents.network', '=', wallet.network)
    .where('transactions.status', 'in', ['EXECUTING', 'SUBMITTED'])
    .where(isOpen())
    .orderBy(byId())
    .execute();
  return rows.flatMap((row) => (isWatchedOnly(row) ? [] : signedVariants(row)));
}

/** Transactions of an agent that may be on their way to the chain, payments and recalls alike. */
export const listUnderWayOfAgent = (db: Db, agentId: AgentId): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('status', 'in', ['EXECUTING', 'SUBMITTED'])
    .where(isOpen())
    .orderBy(byId())
    .execute();

/** Transactions in one state, oldest first: for recovery and the workers. */
export const listByStatus = (db: Db, status: OpenStatus): Promise<TransactionRow[]> =>
  db.selectFrom('transactions').selectAll().where('status', '=', status).where(isOpen()).orderBy('id').execute();

/** Queued approvals whose deadline has come. */
export const listOverdueApprovals = (db: Db, now: number): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('status', '=', 'QUEUED')
    .where(isOpen())
    .where('tier', '=', 'APPROVAL')
    .where('approval_expires_at', '<=', now)
    .orderBy('id')
    .execute();

/** Transactions that ended without landing and are due for another look-up, by id; those after one of them. */
export const listLateChecks = (db: Db, now: number, limit: number, after = ''): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('late_check_at', '<=', now)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();

/** Which transactions of an agent to list, and where to start. */
export interface TransactionQuery {
  readonly agentId: AgentId;
  readonly status?: TransactionStatus | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** A page of an agent's payments. */
export const listTransactions = (db: Db, query: TransactionQuery): Promise<TransactionRow[]> => {
  let select = db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', query.agentId)
    .where('recall_id', 'is', null);
  if (query.status !== undefined) select = select.where(isIn(query.status));
  if (query.cursor !== undefined) select = select.where('id', query.order === 'desc' ? '<' : '>', query.cursor);
  return select.orderBy('id', query.order).limit(query.limit).execute();
};

/** A transaction with the name of its agent. */
export type NamedTransaction = TransactionRow & { readonly agent_name: string; readonly network: Network };

const withAgent = (db: Db) =>
  db
    .selectFrom('transactions')
    .innerJoin('agents', 'agents.id', 'transactions.agent_id')
    .selectAll('transactions')
    .select(['agents.name as agent_name', 'agents.network'])
    .where('transactions.recall_id', 'is', null);

/** Which payments of all agents to list, and where to start. Everything given narrows the list. */
export interface PaymentQuery {
  readonly agentId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly status?: TransactionStatus | undefined;
  readonly tier?: Tier | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** A page of the payments of all agents. */
export function listPayments(db: Db, query: PaymentQuery): Promise<NamedTransaction[]> {
  let select = withAgent(db);
  if (query.agentId !== undefined) select = select.where('transactions.agent_id', '=', query.agentId);
  if (query.sessionId !== undefined) select = select.where('transactions.session_id', '=', query.sessionId);
  if (query.status !== undefined)
    select = select.where(query.agentId === undefined ? isInForAll(query.status) : isIn(query.status));
  if (query.tier !== undefined) select = select.where('transactions.tier', '=', query.tier);
  if (query.cursor !== undefined)
    select = select.where('transactions.id', query.order === 'desc' ? '<' : '>', query.cursor);
  return select.orderBy('transactions.id', query.order).limit(query.limit).execute();
}

/** One payment of any agent; what is taken back to the owner is none. */
export const findPayment = (db: Db, id: string): Promise<NamedTransaction | undefined> =>
  withAgent(db).where('transactions.id', '=', id).executeTakeFirst();

/** An agent's transactions that wait for time or for the owner, newest first. */
export const listPendingOfAgent = (db: Db, agentId: AgentId): Promise<TransactionRow[]> =>
  db
    .selectFrom('transactions')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('status', '=', 'QUEUED')
    .where(isOpen())
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

/** Which waiting transactions to list, and where to start. */
export interface WaitingQuery {
  readonly agentId?: string | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Transactions of all agents that wait for time or for the owner. */
export const listWaiting = (db: Db, query: WaitingQuery): Promise<NamedTransaction[]> => {
  let select = db
    .selectFrom('transactions')
    .innerJoin('agents', 'agents.id', 'transactions.agent_id')
    .selectAll('transactions')
    .select(['agents.name as agent_name', 'agents.network'])
    .where('transactions.status', '=', 'QUEUED')
    .where(isOpen())
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
    .where(isOpen())
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
    .where(isOpen())
    .where('tier', '=', tier)
    .orderBy('id')
    .execute();

/** Delayed transactions whose time has come, those that waited longest first; from after one of them on, if it is named. */
export function listDueDelays(
  db: Db,
  now: number,
  limit: number,
  after?: Pick<TransactionRow, 'id' | 'execute_after'>,
): Promise<TransactionRow[]> {
  let select = db
    .selectFrom('transactions')
    .selectAll()
    .where('status', '=', 'QUEUED')
    .where(isOpen())
    .where('tier', '=', 'DELAY')
    .where('execute_after', '<=', now);
  if (after !== undefined) {
    const { id, execute_after: time } = after;
    select = select.where((eb) =>
      eb.or([eb('execute_after', '>', time), eb.and([eb('execute_after', '=', time), eb('id', '>', id)])]),
    );
  }
  return select.orderBy('execute_after').orderBy('id').limit(limit).execute();
}

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

/** Transactions of one state that are not at their end, and when the oldest of them was asked for, Unix seconds. */
export interface OpenTransactions {
  readonly status: TransactionStatus;
  readonly n: number;
  readonly oldest: number;
}

/** How many transactions are in each state that is no end. Costs by their number, not by that of all there ever were. */
export const countOpenTransactions = (db: Db): Promise<OpenTransactions[]> =>
  db
    .selectFrom('transactions')
    .select((eb) => ['status', eb.fn.countAll<number>().as('n'), eb.fn.min<number>('created_at').as('oldest')])
    .where(isOpen())
    .groupBy('status')
    .execute();
