import {
  type AgentBudgetResponse,
  type AgentId,
  type AssetsResponse,
  type BudgetQuery,
  type BudgetResponse,
  transactionId as brandTransactionId,
  type DryRunResponse,
  type Intent,
  isWaiaasError,
  type OwnerReject,
  type OwnerTransaction,
  type OwnerTransactionListQuery,
  type OwnerTransactionListResponse,
  type PendingApprovalListResponse,
  type PendingTransactionListResponse,
  type PolicyEvaluation,
  type PolicyEvaluationResponse,
  type TransactionId,
  type TransactionListResponse,
  type TransactionResponse,
  type TransactionStatus,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { agentNotAuthentic, type RequestOrigin } from '@waiaas/management';
import {
  appendAudit,
  findByIdempotencyKey,
  findPayment,
  findTransaction,
  listByStatus,
  listDueDelays,
  listLateChecks,
  listLiveRecalls,
  listOverdueApprovals,
  listPayments,
  listPendingOfAgent,
  listTransactions,
  listWaiting,
  type NamedTransaction,
  type TransactionRow,
} from '@waiaas/storage';
import { type Admission, type AdmissionRequest, assertSameRequest, createAdmission, readIntent } from './admission.ts';
import { createAuthenticRow } from './authentic-row.ts';
import { createBalanceReader } from './balance.ts';
import { type BudgetSession, createBudget } from './budget.ts';
import { createClaims } from './claim.ts';
import { createDailyUse, type DailyUse } from './daily-use.ts';
import { BalanceNeeded, createDecider } from './decide.ts';
import { createDecisionRecords, type DecisionRecords } from './decision-record.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { createDisplacements } from './displacement.ts';
import { createDryRunner } from './dry-run.ts';
import { createEachRow } from './each-row.ts';
import { createExecutor } from './executor.ts';
import { withinGrace } from './grace.ts';
import { createHoldings } from './holdings.ts';
import { requestHash } from './intent-hash.ts';
import { isStoppedSinceSigned, markLeftByStop } from './left-by-stop.ts';
import {
  type CircuitState,
  createNetworkBreakers,
  FREE_PASSAGE,
  type NetworkName,
  type Passage,
} from './network-breaker.ts';
import { notAuthentic } from './not-authentic.ts';
import { createPolicyEvaluator } from './policy-evaluation.ts';
import { createRecalls, type Recalls } from './recall/recalls.ts';
import type { Terminations } from './recall/termination.ts';
import { giveTimeForAVeto, meetHeads, type RecoveryReport, recover } from './recovery.ts';
import { type Refusal, refusalError } from './refusal.ts';
import { createRentForecaster } from './rent-forecast.ts';
import { createReplacer } from './replacer.ts';
import { createRequestedPayments, type PayingSession, type TransferBody } from './requested-payment.ts';
import { createSettlement } from './settlement.ts';
import { createShutdown } from './shutdown.ts';
import { createLateCheck, createTracker } from './tracker.ts';
import { changedView, ownerTransactionView, transactionView } from './transaction-view.ts';
import { waitingView } from './waiting-view.ts';
import { createWorkUnderWay, type Patience } from './work-under-way.ts';

/** How to handle a request for a payment. */
export interface SendOptions extends Patience {
  readonly idempotencyKey?: string;
  readonly ip?: string;
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
  /**
   * One transaction of the session's agent.
   * @throws WaiaasError TX_NOT_FOUND, also for other agents' transactions; asking for one of those leaves an audit row
   */
  get(session: Pick<PayingSession, 'agentId' | 'sessionId'>, id: TransactionId): Promise<TransactionResponse>;
  list(agentId: AgentId, query: ListQuery): Promise<TransactionListResponse>;
  /** Transactions that wait for time or for the owner. */
  pending(agentId: AgentId): Promise<PendingTransactionListResponse>;
  /**
   * What a session may still spend of one asset.
   * @throws WaiaasError AGENT_NOT_FOUND; for a token, as `send` does for what can be no token
   */
  budget(session: BudgetSession, query?: BudgetQuery): Promise<BudgetResponse>;
  /**
   * What the policies leave an agent of one asset.
   * @throws WaiaasError AGENT_NOT_FOUND; for a token, as `send` does for what can be no token
   */
  agentBudget(agentId: AgentId, query?: BudgetQuery): Promise<AgentBudgetResponse>;
  /** Payments of all agents, for the operator and the owner. */
  payments(query: OwnerTransactionListQuery): Promise<OwnerTransactionListResponse>;
  /** One of them; one that is not what the daemon wrote says so. @throws WaiaasError TX_NOT_FOUND */
  payment(id: TransactionId): Promise<OwnerTransaction>;
  /**
   * What an agent's wallet holds.
   * @throws WaiaasError AGENT_NOT_FOUND, CHAIN_NOT_SUPPORTED, ADAPTER_NOT_AVAILABLE, CHAIN_ERROR
   */
  assets(agentId: AgentId): Promise<AssetsResponse>;
  /**
   * What would be decided about a payment now, by the very functions that decide it, without a trace.
   * @throws WaiaasError as `send` does for requests that leave no row
   */
  dryRun(session: PayingSession, body: TransferBody): Promise<DryRunResponse>;
  /**
   * What a set of policies would decide: about a payment now, and about those of the past. Leaves no trace.
   * @throws WaiaasError AGENT_NOT_FOUND, and as `send` does for what can be no payment
   */
  evaluatePolicies(input: PolicyEvaluation): Promise<PolicyEvaluationResponse>;
  /** What an agent has spent of its daily caps. */
  dailyUse(agentId: AgentId): Promise<readonly DailyUse[]>;
  /** How payments were decided. */
  readonly decisions: DecisionRecords;
  /** What waits for time or for the owner, of all agents or of one. */
  waiting(query: WaitingListQuery): Promise<PendingApprovalListResponse>;
  /**
   * The payment that an owner's signature has to be over, from its sealed record.
   * @throws WaiaasError TX_NOT_FOUND; POLICY_DENIED when the record is not the one that was admitted
   */
  admitted(id: TransactionId): Promise<Intent>;
  /**
   * Carries out what the owner has approved. Resolves once it is EXECUTING; its end shows in the transaction.
   * @throws WaiaasError as `Claims.approve`, and ADAPTER_NOT_AVAILABLE, CIRCUIT_OPEN, KEYSTORE_LOCKED, SHUTTING_DOWN: then it stays queued
   */
  approve(id: TransactionId, origin: RequestOrigin): Promise<TransactionResponse>;
  /** Ends what waits. @throws WaiaasError as `Claims.reject` */
  reject(id: TransactionId, input: OwnerReject, origin: RequestOrigin): Promise<TransactionResponse>;
  /** Notes that the owner means to approve a payment. @throws WaiaasError as `Claims.preApprove` */
  preApprove(id: TransactionId, origin: RequestOrigin): Promise<{ readonly expiresAt: string }>;
  /** Carries out delayed payments whose time has come. Run every 10 s. */
  runDelayed(): Promise<void>;
  /** Taking funds back to the owner. `request` answers the recall as it begins; its end shows in `get`. */
  readonly recalls: Recalls;
  /** The end of agents. */
  readonly terminations: Terminations;
  /** Takes up what the last run left behind. Called once, with the vault open, before any payment is let in. */
  recover(): Promise<RecoveryReport>;
  /** Ends approvals whose deadline has come. Run every 30 s. */
  expireApprovals(): Promise<void>;
  /** Looks transactions that ended without landing up one last time. Run now and then. */
  checkLateLandings(): Promise<void>;
  /**
   * Takes up rows and recalls that nobody works on any more: a commit whose answer was lost leaves one behind. Run every 5
   * minutes.
   */
  sweep(): Promise<void>;
  /** Checks that what is stored of each agent is the newest, and reports what is not. Run once a day, and by `recover`. */
  renewHeads(): Promise<void>;
  /** Networks that payments were asked for, and whether they are left alone for a while. */
  circuits(): readonly (NetworkName & { readonly state: CircuitState })[];
  /** Executions and confirmations under way. */
  readonly underWay: { readonly executing: number; readonly confirming: number };
  /**
   * Takes no more payments, lets what may already be signed reach the network, and stops following the rest: it stays
   * SUBMITTED and is taken up at the next start.
   */
  stop(graceMs: number): Promise<void>;
}

/** Which waiting payments to list, and where to start. */
export interface WaitingListQuery {
  readonly agentId?: string | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Payments that are read at a time to be looked up once more. */
const LATE_CHECKS = 100;
/** Delayed payments that one round carries out at most; the rest come in the next. */
const DELAYED_BATCH = 100;
/** How long a delayed payment waits for a chain that cannot be reached, seconds; then it is tried, and fails (04 §19). */
const CHAIN_PATIENCE = 600;
/** Age at which a row that nobody works on is taken up, seconds (04 §24). */
const ZOMBIE_SECONDS = 900;
const RESERVATION_TIMEOUT: Refusal = { code: 'CHAIN_ERROR', token: 'RESERVATION_TIMEOUT', retryable: true };

/** Builds the pipeline. */
export function createPipeline(dependencies: PipelineDependencies): Pipeline {
  const { storage, adapters, signer, gate, sealer, clock, watch, logger, settings } = dependencies;
  const settlement = createSettlement(dependencies);
  const decider = createDecider(dependencies);
  const admit = createAdmission(dependencies, decider);
  const claims = createClaims({ ...dependencies, decider });
  const budget = createBudget({ ...dependencies, decider });
  const dailyUse = createDailyUse({ ...dependencies, decider });
  const assets = createHoldings({ ...dependencies, decider });
  const decisions = createDecisionRecords({ read: storage.read, sealer });
  const requests = createRequestedPayments(dependencies);
  const balanceOf = createBalanceReader(dependencies);
  const forecastRent = createRentForecaster(dependencies);
  const evaluatePolicies = createPolicyEvaluator({
    storage,
    sealer,
    decider,
    balanceOf,
    paymentOf: async (agentId, body) => {
      const requested = await requests.requestedBy(agentId, body);
      requests.checkPayable(requested);
      return requests.paymentOf(requested);
    },
  });
  const authentic = createAuthenticRow(dependencies);
  const eachRow = createEachRow(dependencies);
  const breakers = createNetworkBreakers({ storage, clock, logger, settings: settings.breaker });
  const dryRun = createDryRunner({ storage, requests, breakers, admit, balanceOf, forecastRent });
  const shutdown = createShutdown();
  const execute = createExecutor({ ...dependencies, settlement });
  const displacements = createDisplacements(dependencies);
  const replacer = createReplacer({ ...dependencies, settlement, claims, displacements });
  const track = createTracker({ ...dependencies, settlement, replacer, displacements });
  const work = createWorkUnderWay({ ...dependencies, settlement, execute, track, shutdown });
  const recallsUnderWay = createRecalls({ ...dependencies, decider, work, shutdown });

  /** Delayed payments that came due up to then had their time for a veto, Unix seconds. */
  let vetoedUntil = Number.NEGATIVE_INFINITY;

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

  async function answer(found: TransactionRow, replayed: boolean): Promise<TransactionResponse> {
    const row = await authentic(found);
    if (row === null) throw notAuthentic(found.id);
    if (row.status === 'FAILED' || row.status === 'CANCELLED' || row.status === 'EXPIRED')
      throw refusalError(row, replayed);
    return { ...transactionView(row), ...(replayed ? { replayed } : {}) };
  }

  /** Admits a payment; where a rule asks for the balance, it is read and the unit of work is run again with it. */
  async function admitPayment(request: AdmissionRequest): Promise<Admission> {
    try {
      return await storage.write(({ db }) => admit(db, request));
    } catch (error) {
      if (!(error instanceof BalanceNeeded)) throw error;
    }
    const balance = await balanceOf(request.intent);
    return storage.write(({ db }) => admit(db, { ...request, balance }));
  }

  /** Whether the chain of a queued payment can be reached. A payment that is not authentic goes nowhere: its claim refuses it. */
  function isReachable(row: TransactionRow): boolean {
    const stored = readIntent(sealer, row);
    if (stored === null) return true;
    const { chain, network } = stored.intent;
    return adapters.find(chain, network)?.isConnected() === true;
  }

  /** Leave to carry a queued payment out. One that is not authentic goes nowhere: its claim refuses it. */
  async function passageOf(row: TransactionRow): Promise<Passage> {
    const stored = readIntent(sealer, row);
    return stored === null ? FREE_PASSAGE : breakers.enter(stored.intent);
  }

  /** Begins a delayed payment whose time has come; false when it was left as it was. */
  async function carryOutDue(due: TransactionRow, now: number): Promise<boolean> {
    try {
      if (!isReachable(due) && now < (due.execute_after ?? now) + CHAIN_PATIENCE) return false;
      const claim = await work.withPassage(await passageOf(due), async (handOver) => {
        const found = await claims.claimDelayed(brandTransactionId(due.id));
        if (found.kind === 'claimed') handOver(found.claim);
        return found;
      });
      if (claim.kind === 'cancelled') {
        logger.warn({ txId: due.id, error: claim.row.error }, 'A delayed payment is no longer allowed');
      }
      return claim.kind !== 'left';
    } catch (error) {
      // It waits for as long as its network is left alone.
      if (isWaiaasError(error, 'CIRCUIT_OPEN')) return false;
      // One row that cannot be taken up must not keep the others waiting.
      logger.error(
        { txId: due.id, error: String(error) },
        'A delayed payment could not be taken up; it is tried again',
      );
      return false;
    }
  }

  return {
    async send(session, body, { waitMs, ...options }) {
      shutdown.assertRunning();
      const asked = clock.now();
      // Whatever is read from the chain before a payment is admitted is part of the wait.
      const patience = () => ({ ...options, waitMs: Math.max(0, waitMs - (clock.now() - asked)) });
      const requested = await requests.requestedBy(session.agentId, body);
      const idempotencyKey = options.idempotencyKey ?? null;
      // A repetition is answered whatever the state of the chain or the keystore: the outcome is already known.
      if (idempotencyKey !== null) {
        const before = await findByIdempotencyKey(storage.read, session.agentId, idempotencyKey);
        if (before !== undefined) {
          assertSameRequest(sealer, before, requestHash(requested));
          return answer(await work.waitForEnd(before, patience()), true);
        }
      }
      requests.checkReady(requested);
      const admission = await work.withPassage(await breakers.enter(requested), async (handOver) => {
        const intent = { ...(await requests.paymentOf(requested)), sessionId: session.sessionId };
        const admitted = await admitPayment({ intent, idempotencyKey, ip: options.ip ?? null });
        if (admitted.kind === 'admitted' && admitted.row.status === 'EXECUTING') handOver(admitted);
        return admitted;
      });
      if (admission.kind === 'unbelievable') throw agentNotAuthentic(requested.agentId);
      if (admission.kind === 'refused') throw refusalError(admission.row);
      return answer(await work.waitForEnd(admission.row, patience()), admission.kind === 'replayed');
    },

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

    budget: budget.ofSession,
    agentBudget: budget.ofAgent,

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

    assets,
    dailyUse,
    decisions,
    evaluatePolicies: (input) => evaluatePolicies(input, unixSeconds(clock)),
    dryRun,

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

    async admitted(id) {
      const row = await findTransaction(storage.read, id);
      if (row === undefined) throw new WaiaasError('TX_NOT_FOUND');
      const stored = (await authentic(row)) === null ? null : readIntent(sealer, row);
      if (stored === null) throw notAuthentic(id);
      return stored.intent;
    },

    async approve(id, origin) {
      shutdown.assertRunning();
      const waiting = await findTransaction(storage.read, id);
      if (waiting?.status === 'QUEUED') {
        if (!signer.isUnlocked) throw new WaiaasError('KEYSTORE_LOCKED');
        if (!isReachable(waiting)) throw new WaiaasError('ADAPTER_NOT_AVAILABLE');
      }
      const passage = waiting?.status === 'QUEUED' ? await passageOf(waiting) : FREE_PASSAGE;
      return work.withPassage(passage, async (handOver) => {
        const claim = await claims.approve(id, origin);
        handOver(claim);
        return transactionView(claim.row);
      });
    },

    async reject(id, input, origin) {
      return transactionView(await claims.reject(id, input, origin));
    },

    preApprove: (id, origin) => claims.preApprove(id, origin),

    async runDelayed() {
      const now = unixSeconds(clock);
      // While the kill switch is engaged nothing is begun; its cascade has cancelled what waited.
      if (shutdown.isStopping || !gate.isOpen) return;
      const awakeSince = Math.floor(watch.awakeSince / 1000);
      if (awakeSince !== vetoedUntil) {
        const veto = await giveTimeForAVeto({ ...dependencies, claims, eachRow }, awakeSince);
        const { postponed, expired } = veto;
        if (veto.failed === 0) vetoedUntil = awakeSince;
        if (postponed + expired > 0) {
          logger.warn({ postponed, expired }, 'Delayed payments came due while nobody could stop them');
        }
      }
      let begun = 0;
      // Those that cannot be carried out now do not count: others are not to wait behind them.
      for (let page = await listDueDelays(storage.read, now, DELAYED_BATCH); ; ) {
        for (const due of page) if (begun < DELAYED_BATCH && (await carryOutDue(due, now))) begun += 1;
        const last = page.at(-1);
        if (shutdown.isStopping || begun >= DELAYED_BATCH || last === undefined || page.length < DELAYED_BATCH) return;
        page = await listDueDelays(storage.read, now, DELAYED_BATCH, last);
      }
    },

    async recover() {
      const report = await recover({ ...dependencies, settlement, claims, eachRow });
      for (const row of report.followed) work.follow(row);
      for (const { id } of await listLiveRecalls(storage.read)) recallsUnderWay.start(id);
      return report;
    },

    recalls: recallsUnderWay.recalls,
    terminations: recallsUnderWay.terminations,

    async expireApprovals() {
      await eachRow(await listOverdueApprovals(storage.read, unixSeconds(clock)), ({ id }) =>
        settlement.approvalExpired(brandTransactionId(id)),
      );
    },

    async checkLateLandings() {
      const checkLateLanding = createLateCheck({ ...dependencies, settlement });
      const now = unixSeconds(clock);
      // Those that cannot be looked up now stay due: others are not to wait behind them.
      for (let after = ''; !shutdown.isStopping; ) {
        const page = await listLateChecks(storage.read, now, LATE_CHECKS, after);
        await eachRow(page, checkLateLanding);
        const last = page.at(-1);
        if (last === undefined || page.length < LATE_CHECKS) return;
        after = last.id;
      }
    },

    renewHeads: () => meetHeads(dependencies),

    async sweep() {
      const stale = unixSeconds(clock) - ZOMBIE_SECONDS;
      await eachRow(await listByStatus(storage.read, 'PENDING'), async (row) => {
        if (row.created_at <= stale) await settlement.cancelled(row, RESERVATION_TIMEOUT);
      });
      await eachRow(await listByStatus(storage.read, 'EXECUTING'), async (row) => {
        // What a stop has met on its way out is as good as sent, whatever it still waits for.
        if (row.tx_hash !== null && (await isStoppedSinceSigned(storage.read, row))) {
          await settlement.submitted(row, { ambiguous: true, recovered: true });
        } else if (work.endOf(row.id) === undefined && (row.claimed_at ?? row.created_at) <= stale) work.resolve(row);
      });
      await eachRow(await listByStatus(storage.read, 'SUBMITTED'), async (found) => {
        // Before anything is signed again: what is left to itself keeps its nonce from nobody.
        const row = await markLeftByStop({ storage, settlement }, found);
        if (work.endOf(row.id) === undefined) work.follow(row);
      });
      for (const { id } of await listLiveRecalls(storage.read)) recallsUnderWay.start(id);
    },

    circuits: () => breakers.states(),

    get underWay() {
      return work.counts;
    },

    async stop(graceMs) {
      shutdown.begin();
      // What may be signed gets its time to reach the network; following a transaction can go on at the next start.
      await withinGrace(dependencies, work.executions, graceMs);
      shutdown.endFollowing();
      await withinGrace(dependencies, [...work.endings, ...recallsUnderWay.endings], graceMs);
    },
  };
}
