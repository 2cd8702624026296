import {
  ChainError,
  formatUnits,
  isChainError,
  type LeftBehind,
  nativeAsset,
  type RecallStatus,
  type TransferRequest,
  toJson,
  unixSeconds,
} from '@waiaas/core';
import {
  type AgentRow,
  type AuthenticRecall,
  appendAudit,
  authenticRecall,
  authenticTransaction,
  findAgent,
  findRecall,
  isWatchedOnly,
  listUnderWayOfAgent,
  moveRecall,
  type RecallRow,
  reportBrokenRecall,
  reportBrokenSeal,
  type TransactionRow,
} from '@waiaas/storage';
import type { Claim } from '../claimed-payment.ts';
import type { PipelineDependencies } from '../dependencies.ts';
import { createStepClaims, type SweepStep } from './recall-step.ts';
import { createStuckTransactions, isStuck } from './stuck-transactions.ts';
import { DRAIN_SECONDS, idOf, type SweepingAdapter, type SweepReader } from './sweep-facts.ts';
import { type Attempt, isMissed, leftBehind, planTokens, type TokenStep } from './sweep-plan.ts';

/** How long those that nothing can overtake are helped through, seconds; then the sweep takes the place of the one that is due. */
const HELP_SECONDS = 7200;
/** How long a chain that cannot be asked is waited for, ms; then the recall ends, and can be asked for again. */
const PATIENCE_MS = 1_800_000;
/** Transactions one recall makes at most: somebody may send tokens faster than they are taken away. */
const MOST_TRANSACTIONS = 1000;
/** How often the native asset is tried. */
const NATIVE_TRIES = 3;
/** Pauses, ms: of what only waits, at first and after minutes, and of what has failed most often. */
const CALM_PAUSE = 500;
const LONGEST_CALM_PAUSE = 5000;
const LONGEST_PAUSE = 15_000;
/** After so many turns that only waited, the pause between them doubles. */
const CALM_TURNS = 20;

/** How a recall ended. */
interface Ending {
  readonly status: Extract<RecallStatus, 'COMPLETED' | 'PARTIAL' | 'FAILED'>;
  readonly left: readonly LeftBehind[];
  readonly error: string | null;
}

/** What to do next about a recall. */
type Next =
  | { readonly kind: 'step'; readonly step: SweepStep; readonly isOrdered: boolean }
  | { readonly kind: 'wait' }
  /** The chain could not be asked. */
  | { readonly kind: 'fault' }
  | { readonly kind: 'end'; readonly ending: Ending };

/** What the runner needs of the pipeline around it. */
export interface RecallRunnerParts {
  readonly reader: SweepReader;
  /** Carries out what was claimed, and resolves when it has ended or the daemon stops. */
  readonly carryOut: (claim: Claim) => Promise<void>;
}

/** Runs one recall to its end, or until the signal ends the wait. Everything it knows is in the database and on the chain. */
export type RecallRunner = (id: string, signal: AbortSignal) => Promise<void>;

/**
 * Empties a wallet (08 §2.5.4): tokens first, each in a transaction of its own, the native asset last, because nothing could
 * be moved without it. After each transaction everything is read anew, so that a crash, a deposit or a failure at any moment
 * changes what comes next and nothing else: what has moved is not there any more.
 */
export function createRecallRunner(
  dependencies: Pick<
    PipelineDependencies,
    'storage' | 'sealer' | 'gate' | 'clock' | 'ids' | 'timers' | 'logger' | 'archive'
  >,
  { reader, carryOut }: RecallRunnerParts,
): RecallRunner {
  const { storage, sealer, gate, clock, timers, logger, archive } = dependencies;
  const claimStep = createStepClaims(dependencies);
  const stuckTransactions = createStuckTransactions(dependencies);

  /** A recall as it stands, if it has not ended and is what the daemon wrote. */
  async function load(id: string): Promise<AuthenticRecall | null> {
    const found = await findRecall(storage.read, id);
    if (found === undefined || (found.status !== 'PENDING' && found.status !== 'EXECUTING')) return null;
    const recall = authenticRecall(sealer, found);
    if (recall === null) await storage.write(({ db }) => reportBrokenRecall(db, found, unixSeconds(clock)));
    return recall;
  }

  const start = (recall: AuthenticRecall): Promise<AuthenticRecall | null> =>
    storage.write(async ({ db }) => {
      const now = unixSeconds(clock);
      const started = await moveRecall(db, sealer, recall, 'EXECUTING', { started_at: now });
      if (started === null) return null;
      const details = { recallId: recall.id, destination: recall.destination };
      await appendAudit(db, now, { event: 'RECALL_STARTED', actor: 'system', agentId: recall.agent_id, details });
      return started;
    });

  async function end(recall: AuthenticRecall, { status, left, error }: Ending): Promise<void> {
    const { attempts } = await reader.record(recall.id, false);
    const moved = attempts.filter((attempt) => attempt.moved).length;
    await storage.write(async ({ db, notify }) => {
      const now = unixSeconds(clock);
      const fields = { ended_at: now, error, remaining: toJson(left) };
      if ((await moveRecall(db, sealer, recall, status, fields)) === null) return;
      await appendAudit(db, now, {
        ...{ event: 'RECALL_ENDED', actor: 'system', agentId: recall.agent_id },
        severity: status === 'COMPLETED' ? 'info' : 'warning',
        details: { recallId: recall.id, status, left, ...(error === null ? {} : { error }) },
      });
      const { id: recallId, agent_id: agentId, destination } = recall;
      await notify({ event: 'RECALL_ENDED', recallId, agentId, destination, status, moved, left: left.length });
    });
    const agent = await findAgent(storage.read, recall.agent_id);
    if (agent?.status === 'TERMINATED') await archive.archiveKey(idOf(agent));
    logger.info({ recallId: recall.id, status, left: left.length }, 'A recall has ended');
  }

  /**
   * Whether something is to be waited for: what recalls have under way, and payments that have not been waited for long
   * enough. What somebody has changed is waited for like a payment, as nobody will say what becomes of it.
   *
   * Where transactions have an order, what a recall has sent and is stuck is not waited for: the next step takes its place, and
   * without one the chain may never tell. On other chains it ends by itself.
   */
  async function isDraining(recall: RecallRow, agent: AgentRow): Promise<boolean> {
    const isOrdered = reader.isOrdered(agent);
    const now = unixSeconds(clock);
    const underWay = await listUnderWayOfAgent(storage.read, idOf(agent));
    for (const row of underWay) {
      if (row.recall_id === null || (isOrdered && isStuck(row, now))) continue;
      if ((await authenticTransaction(storage.read, sealer, row)) !== null) return true;
    }
    if (recall.error !== null) return false;
    const waited = now - (recall.started_at ?? now);
    // Nothing overtakes there what was sent before: it is helped through instead.
    if (isOrdered && waited < HELP_SECONDS && (await hasHelped(underWay))) return true;
    return underWay.some((row) => row.recall_id === null) && waited < DRAIN_SECONDS;
  }

  /**
   * Whether some of these payments were sent and are helped along, as far as they are what the daemon wrote: of others nobody
   * knows whether they ever end.
   */
  async function hasHelped(rows: readonly TransactionRow[]): Promise<boolean> {
    for (const row of rows) {
      if (row.recall_id !== null || row.status !== 'SUBMITTED' || isWatchedOnly(row)) continue;
      if ((await authenticTransaction(storage.read, sealer, row)) !== null) return true;
    }
    return false;
  }

  /** Whether transactions of a recall are not what the daemon wrote, which is reported. */
  const isAltered = (recall: RecallRow): Promise<boolean> =>
    // In a unit of work, where rows and seals are of one moment.
    storage.write(async ({ db }) => {
      const { altered } = await reader.record(recall.id, false, db);
      for (const row of altered) await reportBrokenSeal(db, row, unixSeconds(clock));
      return altered.length > 0;
    });

  const requestOf = (agent: AgentRow, recall: RecallRow, step: TokenStep): TransferRequest => ({
    from: agent.public_key,
    to: step.amount === 0n ? agent.public_key : recall.destination,
    amount: step.amount,
    priority: 'medium',
    token: step.token,
    ...(step.account === null ? {} : { emptied: { account: step.account, close: step.close } }),
  });

  /** The cheapest token step that can be paid for now, and what is in the way of the others. */
  async function chooseToken(
    adapter: SweepingAdapter,
    agent: AgentRow,
    recall: RecallRow,
    { steps, gas }: { readonly steps: readonly TokenStep[]; readonly gas: bigint },
  ): Promise<{ readonly step: TokenStep | null; readonly left: readonly LeftBehind[] }> {
    const left: LeftBehind[] = [];
    let cheapest: { readonly step: TokenStep; readonly cost: bigint } | null = null;
    for (const step of steps) {
      const lacking = (reason: 'FAILED' | 'NEEDS_GAS', detail: string): LeftBehind =>
        leftBehind(
          agent.chain,
          { ...step, mint: step.token.address, balance: step.amount, wrapped: false, obstacle: null },
          reason,
          detail,
        );
      try {
        const cost = await adapter.estimateFee(requestOf(agent, recall, step));
        if (cost > gas) {
          const { decimals, symbol } = nativeAsset(agent.chain);
          left.push(lacking('NEEDS_GAS', `${formatUnits(cost - gas, decimals, symbol)} more`));
        } else if (cheapest === null || cost < cheapest.cost) cheapest = { step, cost };
      } catch (error) {
        if (!isPermanent(error)) throw error;
        left.push(lacking('FAILED', error.message));
      }
    }
    // An account that is only closed is no loss when it stays.
    return { step: cheapest?.step ?? null, left: left.filter(({ balance }) => balance !== '0') };
  }

  /** The native step, or what is left of the native asset when there is none. */
  async function chooseNative(
    adapter: SweepingAdapter,
    agent: AgentRow,
    recall: RecallRow,
    facts: { readonly balance: bigint; readonly attempts: readonly Attempt[]; readonly hasMissed: boolean },
  ): Promise<{ readonly step: SweepStep | null; readonly left: readonly LeftBehind[] }> {
    const { balance, attempts, hasMissed } = facts;
    const keeps = hasMissed && recall.keep_gas === 1;
    const stays = (reason: 'KEPT_FOR_GAS' | 'DUST' | 'FAILED', detail?: string) => {
      const native = { mint: null, token: null, account: null, balance, wrapped: false, obstacle: null };
      return { step: null, left: balance === 0n ? [] : [leftBehind(agent.chain, native, reason, detail)] };
    };
    const keep = keeps ? await adapter.gasForLater() : 0n;
    const sweep = await askFor(
      adapter.quoteSweep({
        from: agent.public_key,
        to: recall.destination,
        keep,
        stuck: await stuckTransactions(idOf(agent)),
      }),
    );
    if (sweep instanceof ChainError) {
      return stays('FAILED', sweep.code === 'INSUFFICIENT_BALANCE' ? 'STUCK' : sweep.message);
    }
    if (sweep === null) return stays(keeps ? 'KEPT_FOR_GAS' : 'DUST');
    const failed = attempts.filter(({ asset, moved }) => asset === `${agent.chain}:native` && !moved);
    if (failed.length >= NATIVE_TRIES) return stays('FAILED', failed.at(-1)?.error ?? undefined);
    return { step: { kind: 'native', ...sweep }, left: [] };
  }

  async function decide(
    recall: RecallRow,
    agent: AgentRow,
    adapter: SweepingAdapter,
    attempts: readonly Attempt[],
  ): Promise<Next> {
    const listed = await reader.listedAssets(idOf(agent));
    const holdings = await reader.holdings(adapter, agent, listed);
    if (attempts.length >= MOST_TRANSACTIONS) return ended(attempts, [], 'TOO_MANY_TRANSACTIONS');
    const balance = holdings.find(({ mint }) => mint === null)?.balance ?? 0n;
    const includeUnlisted = recall.include_unlisted === 1;
    const plan = planTokens({ chain: agent.chain, holdings, attempts, listed, includeUnlisted });
    const token = await chooseToken(adapter, agent, recall, { steps: plan.steps, gas: balance });
    const isOrdered = reader.isOrdered(agent);
    if (token.step !== null) return { kind: 'step', step: token.step, isOrdered };
    const tokensLeft = [...plan.left, ...token.left];
    const hasMissed = tokensLeft.some(isMissed);
    const native = await chooseNative(adapter, agent, recall, { balance, attempts, hasMissed });
    if (native.step !== null) return { kind: 'step', step: native.step, isOrdered };
    return ended(attempts, [...tokensLeft, ...native.left], null);
  }

  function ended(attempts: readonly Attempt[], left: readonly LeftBehind[], error: string | null): Next {
    const isComplete = error === null && !left.some(isMissed);
    const hasMoved = attempts.some(({ moved }) => moved);
    return { kind: 'end', ending: { status: isComplete ? 'COMPLETED' : hasMoved ? 'PARTIAL' : 'FAILED', left, error } };
  }

  async function next(recall: RecallRow): Promise<Next> {
    const agent = await findAgent(storage.read, recall.agent_id);
    if (agent === undefined) return ended([], [], 'AGENT_NOT_FOUND');
    if (await isDraining(recall, agent)) return { kind: 'wait' };
    const { attempts, altered } = await reader.record(recall.id, reader.isOrdered(agent));
    if (recall.error !== null) return ended(attempts, [], recall.error);
    if (altered.length > 0) {
      return (await isAltered(recall)) ? ended(attempts, [], 'INTENT_NOT_AUTHENTIC') : { kind: 'wait' };
    }
    const adapter = reader.adapterOf(agent);
    if (adapter === null) return { kind: 'fault' };
    try {
      if (agent.status === 'TERMINATING' || agent.status === 'TERMINATED') await archive.restoreKey(idOf(agent));
      return await decide(recall, agent, adapter, attempts);
    } catch (error) {
      logger.warn({ recallId: recall.id, error: String(error) }, 'A recall could not go on; it is tried again');
      return { kind: 'fault' };
    }
  }

  /** One turn. Answers how long to pause before the next one; null when the recall has ended. */
  async function turn(
    recall: AuthenticRecall,
    faults: number,
  ): Promise<{ readonly pause: number; readonly fault: boolean } | null> {
    const calm = { pause: CALM_PAUSE, fault: false };
    const todo = await next(recall);
    switch (todo.kind) {
      case 'wait':
        return calm;
      case 'fault':
        return { pause: Math.min(CALM_PAUSE * 2 ** Math.min(faults, 5), LONGEST_PAUSE), fault: true };
      case 'end':
        await end(recall, todo.ending);
        return null;
      case 'step': {
        const claim = await claimStep(recall, todo.step, todo.isOrdered);
        if (claim.kind === 'wait') return calm;
        if (claim.kind === 'over') {
          const { attempts } = await reader.record(recall.id, false);
          const over = ended(attempts, [], claim.reason);
          if (over.kind === 'end') await end(recall, over.ending);
          return null;
        }
        await carryOut(claim.claim);
        return { pause: 0, fault: false };
      }
    }
  }

  return async (id, signal) => {
    let faultsSince: number | null = null;
    let faults = 0;
    let waits = 0;
    while (!signal.aborted) {
      try {
        // While the kill switch is engaged no seal can be checked, and nothing is begun or ended.
        if (!gate.isOpen) {
          await timers.sleep(CALM_PAUSE, signal);
          continue;
        }
        const found = await load(id);
        const recall = found?.status === 'PENDING' && found.error === null ? await start(found) : found;
        if (recall === null) return;
        const turned = await turn(recall, faults);
        if (turned === null) return;
        faults = turned.fault ? faults + 1 : 0;
        faultsSince = turned.fault ? (faultsSince ?? clock.now()) : null;
        if (faultsSince !== null && clock.now() - faultsSince >= PATIENCE_MS) {
          const over = ended((await reader.record(id, false)).attempts, [], 'CHAIN_ERROR');
          if (over.kind === 'end') return await end(recall, over.ending);
        }
        waits = turned.pause > 0 && !turned.fault ? waits + 1 : 0;
        const calmer = Math.min(CALM_PAUSE * 2 ** Math.floor(waits / CALM_TURNS), LONGEST_CALM_PAUSE);
        if (turned.pause > 0) await timers.sleep(Math.max(turned.pause, calmer), signal);
      } catch (error) {
        // A database that cannot be written now. Nothing is remembered, so nothing is lost.
        logger.error({ recallId: id, error: String(error) }, 'A recall could not be continued; trying again');
        await timers.sleep(LONGEST_PAUSE, signal);
      }
    }
  };
}

/** What an adapter answers, or its error where asking again would not help. @throws whatever else it throws */
async function askFor<Answer>(asked: Promise<Answer>): Promise<Answer | ChainError> {
  try {
    return await asked;
  } catch (error) {
    if (isPermanent(error)) return error;
    throw error;
  }
}

/** Whether an estimate failed for good: then the step would fail, too. */
const isPermanent = (error: unknown): error is ChainError =>
  isChainError(error) && error.recovery === 'PERMANENT' && !error.retryable;
