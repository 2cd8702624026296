import {
  type AgentId,
  baseUnits,
  transactionId as brandTransactionId,
  type Intent,
  isTerminal,
  type Network,
  nativeAsset,
  nativeAssetId,
  type PendingTransactionListResponse,
  type SessionConstraints,
  type SessionId,
  type TransactionId,
  type TransactionListResponse,
  type TransactionResponse,
  type TransactionStatus,
  type transferRequestSchema,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import {
  findAgent,
  findByIdempotencyKey,
  findTransaction,
  listByStatus,
  listLateChecks,
  listOverdueApprovals,
  listPendingOfAgent,
  listTransactions,
  type TransactionRow,
} from '@waiaas/storage';
import { assertSameRequest, createAdmission } from './admission.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { createExecutor } from './executor.ts';
import { requestHash } from './intent-hash.ts';
import { createPolicyLoader } from './policy-facts.ts';
import { type RecoveryReport, recover } from './recovery.ts';
import { type Refusal, refusalError } from './refusal.ts';
import { createSettlement } from './settlement.ts';
import { checkLateLandings, createTracker } from './tracker.ts';
import { transactionView } from './transaction-view.ts';

/** The session a request was authenticated for. */
export interface PayingSession {
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly constraints: SessionConstraints;
}

/** A transfer as validation leaves it. */
export type TransferBody = (typeof transferRequestSchema)['_output'];

/** How to handle a request for a payment. */
export interface SendOptions {
  readonly idempotencyKey?: string;
  readonly ip?: string;
  /** How long to wait for the end of it, ms. */
  readonly waitMs: number;
  /** Ends the wait, never the payment. */
  readonly signal?: AbortSignal;
}

/** What to list, and where to start. */
export interface ListQuery {
  readonly status?: TransactionStatus | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** From a request to a proven outcome (04). */
export interface Pipeline {
  /**
   * Asks for a payment (04 §7). Answers the transaction as it is when it ended, when it was queued, or when the wait was
   * over; the payment goes on by itself.
   *
   * @throws WaiaasError when it was refused or failed; nothing was paid, unless the code is CHAIN_ERROR with a hash.
   */
  send(session: PayingSession, body: TransferBody, options: SendOptions): Promise<TransactionResponse>;
  /** One transaction of an agent. @throws WaiaasError TX_NOT_FOUND, also for other agents' transactions. */
  get(agentId: AgentId, id: TransactionId): Promise<TransactionResponse>;
  list(agentId: AgentId, query: ListQuery): Promise<TransactionListResponse>;
  /** Transactions that wait for time or for the owner. */
  pending(agentId: AgentId): Promise<PendingTransactionListResponse>;
  /** Takes up what the last run left behind. Called once, before anything is served. */
  recover(): Promise<RecoveryReport>;
  /** Ends approvals whose deadline has come. Run every 30 s. */
  expireApprovals(): Promise<void>;
  /** Looks transactions that ended without landing up one last time. Run now and then. */
  checkLateLandings(): Promise<void>;
  /**
   * Takes up rows that nobody works on any more: a commit whose answer was lost leaves one behind. Run every 5 minutes.
   */
  sweep(): Promise<void>;
  /** Executions and confirmations under way. */
  readonly underWay: { readonly executing: number; readonly confirming: number };
  /**
   * Takes no more payments, lets what may already be signed reach the network, and stops following the rest: it stays
   * SUBMITTED and is taken up at the next start.
   */
  stop(graceMs: number): Promise<void>;
}

/** Age at which a row that nobody works on is taken up, seconds (04 §24). */
const ZOMBIE_SECONDS = 900;
const RESERVATION_TIMEOUT: Refusal = { code: 'CHAIN_ERROR', token: 'RESERVATION_TIMEOUT', retryable: true };

/** Builds the pipeline. */
export function createPipeline(dependencies: PipelineDependencies): Pipeline {
  const { storage, adapters, signer, gate, clock, ids, timers, logger } = dependencies;
  const settlement = createSettlement(dependencies);
  const admit = createAdmission(dependencies, createPolicyLoader(dependencies.sealer));
  const execute = createExecutor({ ...dependencies, settlement });
  const track = createTracker({ ...dependencies, settlement });

  const executing = new Set<Promise<unknown>>();
  /** What is being carried out or followed, by transaction: repeated requests wait for the same end. */
  const endings = new Map<string, Promise<void>>();
  const confirming = new Set<string>();
  const following = new AbortController();
  let stopping = false;

  async function follow(row: TransactionRow): Promise<void> {
    confirming.add(row.id);
    try {
      await track(row, following.signal);
    } finally {
      confirming.delete(row.id);
    }
  }

  async function executeToEnd(row: TransactionRow): Promise<void> {
    const work = execute(row);
    executing.add(work);
    try {
      const sent = await work.finally(() => executing.delete(work));
      if (sent?.status === 'SUBMITTED') await follow(sent);
    } catch (error) {
      logger.error({ txId: row.id, error: String(error) }, 'What became of a payment could not be stored');
      await resolveStranded(row);
    }
  }

  /**
   * A row whose outcome could not be written, because the database could not. Asks the database until it answers, then
   * ends the row the way a restart would: by what is recorded, never by what was remembered.
   */
  async function resolveStranded(row: TransactionRow): Promise<void> {
    for (let round = 0; !following.signal.aborted; round++) {
      await timers.sleep(Math.min(1000 * 2 ** Math.min(round, 5), 30_000), following.signal);
      if (following.signal.aborted) return;
      try {
        const present = await findTransaction(storage.read, row.id);
        if (present === undefined || isTerminal(present.status)) return;
        if (present.status === 'SUBMITTED') return await follow(present);
        if (present.tx_hash === null) {
          await settlement.failedBeforeLanding(present, {
            code: 'STORAGE_UNAVAILABLE',
            token: 'STORAGE_UNAVAILABLE',
            retryable: true,
          });
          return;
        }
        const sent = await settlement.submitted(present, { ambiguous: true, recovered: true });
        if (sent !== null) await follow(sent);
        return;
      } catch (error) {
        logger.error({ txId: row.id, error: String(error) }, 'The database still cannot be written');
      }
    }
  }

  /** Starts work on a row that nobody waits for by itself; its failures end here. */
  function begin(row: TransactionRow, work: (row: TransactionRow) => Promise<void>): void {
    const ending = work(row)
      .catch((error: unknown) =>
        logger.error({ txId: row.id, error: String(error) }, 'A payment was left to the next start'),
      )
      .finally(() => endings.delete(row.id));
    endings.set(row.id, ending);
  }

  async function waitForEnd(row: TransactionRow, options: SendOptions): Promise<TransactionRow> {
    const ending = endings.get(row.id);
    if (ending !== undefined) {
      const waiting = new AbortController();
      const end = options.signal === undefined ? waiting.signal : AbortSignal.any([waiting.signal, options.signal]);
      await Promise.race([ending, timers.sleep(options.waitMs, end)]);
      waiting.abort();
    }
    return (await findTransaction(storage.read, row.id)) ?? row;
  }

  async function withinGrace(work: readonly Promise<unknown>[], graceMs: number): Promise<void> {
    const grace = new AbortController();
    const done = Promise.allSettled(work).then(() => grace.abort());
    await Promise.race([done, timers.sleep(graceMs, grace.signal)]);
  }

  const answer = (row: TransactionRow): TransactionResponse => {
    if (row.status === 'FAILED' || row.status === 'CANCELLED' || row.status === 'EXPIRED') throw refusalError(row);
    return transactionView(row);
  };

  /** Checks that need no database and leave no row: the request is as if it had never been (04 §6.1). */
  function checkReady(chain: Intent['chain'], network: Network, body: TransferBody): void {
    if (!signer.isUnlocked) throw new WaiaasError('KEYSTORE_LOCKED');
    if (!gate.isOpen) throw new WaiaasError('SYSTEM_LOCKED');
    const adapter = adapters.find(chain, network);
    if (adapter === undefined) throw new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network } });
    if (!adapter.isValidAddress(body.to)) throw new WaiaasError('INVALID_ADDRESS', { details: { to: body.to } });
    const { max, symbol } = nativeAsset(chain);
    if (BigInt(body.amount) > max) {
      throw validationError([
        { path: 'amount', code: 'too_big', message: `must be at most ${max}, the largest amount of ${symbol}` },
      ]);
    }
    if (!adapter.isConnected()) throw new WaiaasError('ADAPTER_NOT_AVAILABLE', { details: { chain, network } });
  }

  return {
    async send(session, body, options) {
      if (stopping) throw new WaiaasError('SHUTTING_DOWN');
      const agent = await findAgent(storage.read, session.agentId);
      if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND');
      const intent: Intent = {
        version: 1,
        transactionId: brandTransactionId(ids.next()),
        agentId: session.agentId,
        sessionId: session.sessionId,
        chain: agent.chain,
        network: agent.network,
        type: body.type,
        asset: nativeAssetId(agent.chain),
        from: agent.public_key,
        to: body.to,
        amount: baseUnits(BigInt(body.amount)),
        memo: body.memo ?? null,
        priority: body.priority,
        createdAt: unixSeconds(clock),
      };
      const idempotencyKey = options.idempotencyKey ?? null;
      // A repetition is answered whatever the state of the chain or the keystore: the outcome is already known.
      if (idempotencyKey !== null) {
        const before = await findByIdempotencyKey(storage.read, session.agentId, idempotencyKey);
        if (before !== undefined) {
          assertSameRequest(before, requestHash(intent));
          return answer(await waitForEnd(before, options));
        }
      }
      checkReady(agent.chain, agent.network, body);
      const admission = await storage.write(({ db }) => admit(db, { intent, idempotencyKey, ip: options.ip ?? null }));
      if (admission.kind === 'refused') throw refusalError(admission.row);
      if (admission.kind === 'admitted' && admission.row.status === 'EXECUTING') begin(admission.row, executeToEnd);
      return answer(await waitForEnd(admission.row, options));
    },

    async get(agentId, id) {
      const row = await findTransaction(storage.read, id);
      if (row === undefined || row.agent_id !== agentId) throw new WaiaasError('TX_NOT_FOUND');
      return transactionView(row);
    },

    async list(agentId, query) {
      // One more than asked for tells whether there is another page (06 §2.1).
      const rows = await listTransactions(storage.read, { ...query, agentId, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      return {
        transactions: page.map(transactionView),
        nextCursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async pending(agentId) {
      return { transactions: (await listPendingOfAgent(storage.read, agentId)).map(transactionView) };
    },

    async recover() {
      const report = await recover({ ...dependencies, settlement });
      for (const row of report.followed) begin(row, follow);
      return report;
    },

    async expireApprovals() {
      for (const { id } of await listOverdueApprovals(storage.read, unixSeconds(clock))) {
        await settlement.approvalExpired(brandTransactionId(id));
      }
    },

    async checkLateLandings() {
      await checkLateLandings({ ...dependencies, settlement }, await listLateChecks(storage.read, unixSeconds(clock)));
    },

    async sweep() {
      const now = unixSeconds(clock);
      for (const row of await listByStatus(storage.read, 'PENDING')) {
        if (row.created_at <= now - ZOMBIE_SECONDS) await settlement.cancelled(row, RESERVATION_TIMEOUT);
      }
      for (const row of await listByStatus(storage.read, 'EXECUTING')) {
        const since = row.queued_at ?? row.created_at;
        if (!endings.has(row.id) && since <= now - ZOMBIE_SECONDS) begin(row, resolveStranded);
      }
      for (const row of await listByStatus(storage.read, 'SUBMITTED')) {
        if (!endings.has(row.id)) begin(row, follow);
      }
    },

    get underWay() {
      return { executing: executing.size, confirming: confirming.size };
    },

    async stop(graceMs) {
      stopping = true;
      // What may be signed gets its time to reach the network; following a transaction can go on at the next start.
      await withinGrace([...executing], graceMs);
      following.abort();
      await withinGrace([...endings.values()], graceMs);
    },
  };
}
