import {
  type AgentId,
  type OwnerTransaction,
  type OwnerTransactionListQuery,
  type OwnerTransactionListResponse,
  type PendingApprovalListResponse,
  type PendingTransactionListResponse,
  type TransactionId,
  type TransactionListResponse,
  type TransactionResponse,
  type TransactionStatus,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import {
  appendAudit,
  findPayment,
  findTransaction,
  listPayments,
  listPendingOfAgent,
  listTransactions,
  listWaiting,
  type NamedTransaction,
  type TransactionRow,
} from '@waiaas/storage';
import { readIntent } from './admission.ts';
import { createAuthenticRow } from './authentic-row.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { notAuthentic } from './not-authentic.ts';
import type { PayingSession } from './requested-payment.ts';
import { changedView, ownerTransactionView, transactionView } from './transaction-view.ts';
import { waitingView } from './waiting-view.ts';

/** What to list, and where to start. */
export interface ListQuery {
  readonly status?: TransactionStatus | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Which waiting payments to list, and where to start. */
export interface WaitingListQuery {
  readonly agentId?: string | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Looking transactions up. Of one that is not what the daemon wrote, nothing is said that could be believed. */
export interface TransactionQueries {
  /**
   * One transaction of the session's agent.
   * @throws WaiaasError TX_NOT_FOUND, also for other agents' transactions; asking for one of those leaves an audit row
   */
  get(session: Pick<PayingSession, 'agentId' | 'sessionId'>, id: TransactionId): Promise<TransactionResponse>;
  list(agentId: AgentId, query: ListQuery): Promise<TransactionListResponse>;
  /** Transactions that wait for time or for the owner. */
  pending(agentId: AgentId): Promise<PendingTransactionListResponse>;
  /** Payments of all agents, for the operator and the owner. */
  payments(query: OwnerTransactionListQuery): Promise<OwnerTransactionListResponse>;
  /** One of them; one that is not what the daemon wrote says so. @throws WaiaasError TX_NOT_FOUND */
  payment(id: TransactionId): Promise<OwnerTransaction>;
  /** What waits for time or for the owner, of all agents or of one. */
  waiting(query: WaitingListQuery): Promise<PendingApprovalListResponse>;
}

/** Makes it. */
export function createTransactionQueries(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock'>,
): TransactionQueries {
  const { storage, sealer, clock } = dependencies;
  const authentic = createAuthenticRow(dependencies);

  /** Rows as their agent sees them; one that is not what the daemon wrote says so, and nothing that could be believed. */
  const viewAll = (rows: readonly TransactionRow[]): Promise<TransactionResponse[]> =>
    Promise.all(
      rows.map(async (row) => {
        const present = await authentic(row);
        return present === null ? changedView(row) : transactionView(present);
      }),
    );

  async function viewForOwner(row: NamedTransaction): Promise<OwnerTransaction> {
    const present = await authentic(row);
    return ownerTransactionView({ ...row, ...present }, present === null ? null : readIntent(sealer, present));
  }

  return {
    async get(session, id) {
      const row = await findTransaction(storage.read, id);
      // What is taken back to the owner is none of the agent's payments.
      if (row === undefined || row.recall_id !== null) throw new WaiaasError('TX_NOT_FOUND');
      if (row.agent_id !== session.agentId) {
        // Answered as if there were none, and kept: nobody comes by the id of another agent's payment in an honest way.
        await storage.write(({ db }) =>
          appendAudit(db, unixSeconds(clock), {
            event: 'AUTH_FAILED',
            actor: `agent:${session.agentId}`,
            agentId: session.agentId,
            sessionId: session.sessionId,
            txId: id,
            details: { what: 'transaction_of_another_agent' },
          }),
        );
        throw new WaiaasError('TX_NOT_FOUND');
      }
      const present = await authentic(row);
      if (present === null) throw notAuthentic(id);
      return transactionView(present);
    },

    async list(agentId, query) {
      // One more than asked for tells whether there is another page (06 §2.1).
      const rows = await listTransactions(storage.read, { ...query, agentId, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      return {
        transactions: await viewAll(page),
        nextCursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async pending(agentId) {
      return { transactions: await viewAll(await listPendingOfAgent(storage.read, agentId)) };
    },

    async payments(query) {
      const rows = await listPayments(storage.read, { ...query, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      return {
        transactions: await Promise.all(page.map(viewForOwner)),
        nextCursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async payment(id) {
      const row = await findPayment(storage.read, id);
      if (row === undefined) throw new WaiaasError('TX_NOT_FOUND');
      return viewForOwner(row);
    },

    async waiting(query) {
      const rows = await listWaiting(storage.read, { ...query, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      return {
        transactions: await Promise.all(
          page.map(async (row) => waitingView(row, (await authentic(row)) === null ? null : readIntent(sealer, row))),
        ),
        nextCursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null,
      };
    },
  };
}
