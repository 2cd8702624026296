import {
  type AgentBudgetResponse,
  type AgentId,
  type AssetsResponse,
  type BudgetQuery,
  type BudgetResponse,
  transactionId as brandTransactionId,
  type DryRunResponse,
  type PolicyEvaluation,
  type PolicyEvaluationResponse,
  type TransactionResponse,
  unixSeconds,
} from '@waiaas/core';
import { listLiveRecalls, listOverdueApprovals } from '@waiaas/storage';
import { createAbandonedWork } from './abandoned-work.ts';
import { createAdmission } from './admission.ts';
import { createBalanceReader } from './balance.ts';
import { type BudgetSession, createBudget } from './budget.ts';
import { createClaims } from './claim.ts';
import { createDailyUse, type DailyUse } from './daily-use.ts';
import { createDecider } from './decide.ts';
import { createDecisionRecords, type DecisionRecords } from './decision-record.ts';
import { createDelayedPayments } from './delayed-payments.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { createDisplacements } from './displacement.ts';
import { createDryRunner } from './dry-run.ts';
import { createEachRow } from './each-row.ts';
import { createExecutor } from './executor.ts';
import { withinGrace } from './grace.ts';
import { createHoldings } from './holdings.ts';
import { createLateChecks } from './late-check.ts';
import { type CircuitState, createNetworkBreakers, type NetworkName } from './network-breaker.ts';
import { createOwnerDecisions, type OwnerDecisions } from './owner-decisions.ts';
import { createPolicyEvaluator } from './policy-evaluation.ts';
import { createQueuedPassages } from './queued-passage.ts';
import { createRecalls, type Recalls } from './recall/recalls.ts';
import type { Terminations } from './recall/termination.ts';
import { meetHeads, type RecoveryReport, recover } from './recovery.ts';
import { createRentForecaster } from './rent-forecast.ts';
import { createReplacer } from './replacer.ts';
import { createRequestedPayments, type PayingSession, type TransferBody } from './requested-payment.ts';
import { createSender, type SendOptions } from './send.ts';
import { createSettlement } from './settlement.ts';
import { createShutdown } from './shutdown.ts';
import { createTracker } from './tracker.ts';
import { createTransactionQueries, type TransactionQueries } from './transaction-queries.ts';
import { createWorkUnderWay } from './work-under-way.ts';

/** How long what follows transactions and recalls may take to notice that it is over, ms. */
const FAREWELL_MS = 1_000;

/** From a request to a proven outcome (04). */
export interface Pipeline extends TransactionQueries, OwnerDecisions {
  /**
   * Asks for a payment (04 §7). Answers the transaction as it is when it ended, when it was queued, or when the wait was
   * over; the payment goes on by itself.
   *
   * @throws WaiaasError when it was refused or failed; nothing was paid, unless the code is CHAIN_ERROR with a hash.
   */
  send(session: PayingSession, body: TransferBody, options: SendOptions): Promise<TransactionResponse>;
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
   * SUBMITTED and is taken up at the next start. What has not been signed by the end of the grace fails as what a restart has
   * interrupted.
   * @param graceMs how long what is being carried out is waited for, ms; the rest takes a second more
   */
  stop(graceMs: number): Promise<void>;
}

/** Builds the pipeline. */
export function createPipeline(dependencies: PipelineDependencies): Pipeline {
  const { storage, sealer, clock, logger, settings } = dependencies;
  const settlement = createSettlement(dependencies);
  const decider = createDecider(dependencies);
  const admit = createAdmission(dependencies, decider);
  const claims = createClaims({ ...dependencies, decider });
  const budget = createBudget({ ...dependencies, decider });
  const eachRow = createEachRow(dependencies);
  const breakers = createNetworkBreakers({ storage, clock, logger, settings: settings.breaker });
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
  const shutdown = createShutdown();
  const execute = createExecutor({ ...dependencies, settlement, shutdown });
  const displacements = createDisplacements(dependencies);
  const replacer = createReplacer({ ...dependencies, settlement, claims, displacements });
  const track = createTracker({ ...dependencies, settlement, replacer, displacements });
  const work = createWorkUnderWay({ ...dependencies, settlement, execute, track, shutdown });
  const passages = createQueuedPassages({ ...dependencies, breakers });
  const recallsUnderWay = createRecalls({ ...dependencies, decider, work, shutdown });

  return {
    send: createSender({ ...dependencies, requests, breakers, admit, balanceOf, work, shutdown }),
    dryRun: createDryRunner({ storage, requests, breakers, admit, balanceOf, forecastRent }),
    ...createTransactionQueries(dependencies),
    ...createOwnerDecisions({ ...dependencies, claims, passages, work, shutdown }),

    budget: budget.ofSession,
    agentBudget: budget.ofAgent,
    dailyUse: createDailyUse({ ...dependencies, decider }),
    assets: createHoldings({ ...dependencies, decider }),
    decisions: createDecisionRecords({ read: storage.read, sealer }),
    evaluatePolicies: (input) => evaluatePolicies(input, unixSeconds(clock)),

    recalls: recallsUnderWay.recalls,
    terminations: recallsUnderWay.terminations,

    async recover() {
      const report = await recover({ ...dependencies, settlement, claims, eachRow });
      for (const row of report.followed) work.follow(row);
      for (const { id } of await listLiveRecalls(storage.read)) recallsUnderWay.start(id);
      return report;
    },

    runDelayed: createDelayedPayments({ ...dependencies, claims, eachRow, passages, work, shutdown }),
    checkLateLandings: createLateChecks({ ...dependencies, settlement, eachRow, shutdown }),
    sweep: createAbandonedWork({ ...dependencies, settlement, eachRow, work, recallsUnderWay }),
    renewHeads: () => meetHeads(dependencies),

    async expireApprovals() {
      await eachRow(await listOverdueApprovals(storage.read, unixSeconds(clock)), ({ id }) =>
        settlement.approvalExpired(brandTransactionId(id)),
      );
    },

    circuits: () => breakers.states(),

    get underWay() {
      return work.counts;
    },

    async stop(graceMs) {
      shutdown.begin();
      const until = clock.now() + graceMs;
      // What may be signed gets its time to reach the network; following a transaction can go on at the next start.
      while (work.executions.length > 0 && clock.now() < until) {
        await withinGrace(dependencies, work.executions, until - clock.now());
      }
      shutdown.endFollowing();
      await withinGrace(dependencies, [...work.endings, ...recallsUnderWay.endings], FAREWELL_MS);
    },
  };
}
