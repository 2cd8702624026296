import {
  type AgentId,
  type AgentTerminate,
  type Holding,
  isAssetId,
  isChainError,
  toJson,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import { actorName, auditOrigin, confirmGovernor, confirmOrigin, type RequestOrigin } from '@waiaas/management';
import { cancelWaiting, type Ending } from '@waiaas/safety';
import {
  type AgentRow,
  appendAudit,
  type Db,
  findAgent,
  findLiveRecall,
  findTermination,
  insertRecall,
  isTerminationAuthentic,
  listAgentsInState,
  listRecallsOfAgent,
  listUnderWayOfAgent,
  markTermination,
  moveAgent,
  readState,
  revokeLiveSessions,
  type TerminationRow,
  writeTermination,
} from '@waiaas/storage';
import { z } from 'zod';
import type { PipelineDependencies } from '../dependencies.ts';
import { loadDestinations } from './destination.ts';
import { createStuckTransactions } from './stuck-transactions.ts';
import { DRAIN_SECONDS, idOf, type SweepingAdapter, type SweepReader } from './sweep-facts.ts';
import { assetOfHolding, isMissed, planTokens } from './sweep-plan.ts';

/** Sweeps that follow each other at once; later ones wait (08 §2.1.4). */
const AT_ONCE = 3;
const LATER_SECONDS = 1800;
/** When the owner is told that an end does not come by itself, seconds. */
const ALERT_SECONDS = 86_400;

const TERMINATED: Ending = { code: 'AGENT_TERMINATED', token: 'AGENT_TERMINATED', actor: 'system' };

const waivedSchema = z.array(z.string());
const seenSchema = z.record(z.string(), z.string());

/** Why an agent does not come to its end by itself. */
interface Problem {
  readonly problem:
    | 'CHAIN_ERROR'
    | 'INTERNAL_ERROR'
    | 'NO_DESTINATION'
    | 'ASSETS_LEFT'
    | 'RECALL_IN_PROGRESS'
    | 'PAYMENTS_UNDER_WAY';
  readonly assets?: readonly string[];
}

/** The end of agents (08 §2.1.4). */
export interface Terminations {
  /**
   * Begins the end of an agent: from here on it pays nothing, its sessions are revoked and what waits is cancelled, all in one
   * step. Asked for again, it takes further waivers.
   * @throws WaiaasError AGENT_NOT_FOUND, AGENT_TERMINATED, RECALL_IN_PROGRESS, VALIDATION_ERROR, SYSTEM_LOCKED, and
   *   OWNER_AUTH_REQUIRED for waivers by anybody but the owner once there is one
   */
  request(agentId: AgentId, input: AgentTerminate, origin: RequestOrigin): Promise<void>;
  /** Brings every end that was begun a step further. Run every minute. */
  run(): Promise<void>;
  /** Looks whether somebody has paid to an agent that has ended. Run now and then. */
  watch(): Promise<void>;
}

/** Makes the end of agents. `startRecall` runs a recall that was asked for. */
export function createTerminations(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'gate' | 'clock' | 'ids' | 'logger' | 'archive'> & {
    readonly reader: SweepReader;
    readonly startRecall: (id: string) => void;
  },
): Terminations {
  const { storage, sealer, gate, clock, ids, logger, archive, reader, startRecall } = dependencies;

  const stuckTransactions = createStuckTransactions(dependencies);

  const waivedOf = (termination: TerminationRow | undefined): readonly string[] =>
    termination === undefined || !isTerminationAuthentic(sealer, termination)
      ? []
      : waivedSchema.parse(JSON.parse(termination.waived));

  async function begin(db: Db, agent: AgentRow, origin: RequestOrigin, now: number) {
    const agentId = idOf(agent);
    if (agent.status !== 'ACTIVE' && agent.status !== 'SUSPENDED') throw new WaiaasError('AGENT_TERMINATED');
    const live = await findLiveRecall(db, agentId);
    if (live !== undefined) throw new WaiaasError('RECALL_IN_PROGRESS', { details: { recallId: live.id } });
    await moveAgent(db, { id: agentId, from: agent.status, to: 'TERMINATING', now, reason: null });
    const sessions = await revokeLiveSessions(db, sealer, now, agentId);
    for (const { id: sessionId } of sessions) {
      const details = { trigger: 'agent_terminated' };
      await appendAudit(db, now, { event: 'SESSION_REVOKED', agentId, sessionId, ...auditOrigin(origin), details });
    }
    return {
      sessionsRevoked: sessions.length,
      transactionsCancelled: await cancelWaiting(db, sealer, now, TERMINATED, agentId),
    };
  }

  /** Base units of each asset in a wallet; of what cannot be read now, what was there before. */
  function sums(
    agent: AgentRow,
    holdings: readonly Holding[],
    before: Readonly<Record<string, string>> = {},
  ): Readonly<Record<string, string>> {
    const totals = new Map<string, bigint>();
    for (const holding of holdings) {
      const asset = assetOfHolding(agent.chain, holding);
      const balance = holding.obstacle === 'UNREADABLE' ? BigInt(before[asset] ?? '0') : holding.balance;
      totals.set(asset, (totals.get(asset) ?? 0n) + balance);
    }
    return Object.fromEntries([...totals].map(([asset, sum]) => [asset, sum.toString()]));
  }

  /** What keeps an agent from its end: assets that can or should still be moved, and were not waived. */
  async function obstacles(
    adapter: SweepingAdapter,
    agent: AgentRow,
    facts: {
      readonly holdings: readonly Holding[];
      readonly listed: ReadonlySet<string>;
      readonly waived: readonly string[];
    },
  ): Promise<readonly string[]> {
    const { holdings, listed, waived } = facts;
    const plan = planTokens({ chain: agent.chain, holdings, attempts: [], listed, includeUnlisted: false });
    const tokens = [
      ...plan.steps.filter(({ token }) => holdings.some(({ mint, balance }) => mint === token.address && balance > 0n)),
      ...plan.left.filter(isMissed),
    ].map(({ asset }): string => asset);
    const native = `${agent.chain}:native`;
    const balance = holdings.find(({ mint }) => mint === null)?.balance ?? 0n;
    const all = (await canMoveNative(adapter, agent, balance)) ? [...tokens, native] : tokens;
    return [...new Set(all)].filter((asset) => !waived.includes(asset));
  }

  /** Whether something of the native asset can be moved. What the chain lets nobody move keeps no agent from its end. */
  async function canMoveNative(adapter: SweepingAdapter, agent: AgentRow, balance: bigint): Promise<boolean> {
    if (balance === 0n) return false;
    const { own, recovery } = await loadDestinations(storage.read, sealer, agent, unixSeconds(clock));
    const to = own ?? recovery;
    // Without a destination nothing can be moved: what is there keeps the agent from its end.
    if (to === null) return true;
    const stuck = await stuckTransactions(idOf(agent));
    try {
      return (await adapter.quoteSweep({ from: agent.public_key, to, keep: 0n, stuck })) !== null;
    } catch (error) {
      // What is under way may take it, and may not; and to another destination it could be moved.
      if (isChainError(error, 'INSUFFICIENT_BALANCE') || isChainError(error, 'INVALID_ADDRESS')) return true;
      throw error;
    }
  }

  async function finish(agent: AgentRow, holdings: readonly Holding[]): Promise<void> {
    const agentId = idOf(agent);
    // First the key, then the word: an agent that has ended never has a key that signs.
    await archive.archiveKey(agentId);
    await storage.write(async ({ db, notify }) => {
      const now = unixSeconds(clock);
      if (!(await moveAgent(db, { id: agentId, from: 'TERMINATING', to: 'TERMINATED', now, reason: null }))) return;
      await markTermination(db, agentId, { ended_at: now, seen: toJson(sums(agent, holdings)) });
      await appendAudit(db, now, { event: 'KEY_ARCHIVED', actor: 'system', agentId });
      await appendAudit(db, now, {
        event: 'AGENT_TERMINATED',
        actor: 'system',
        agentId,
        details: sums(agent, holdings),
      });
      await notify({ event: 'AGENT_TERMINATED', agentId });
    });
  }

  /** Asks for the next sweep, when its time has come and there is somewhere to sweep to. */
  async function sweepAgain(agent: AgentRow, waived: readonly string[]): Promise<'asked' | 'later' | 'nowhere'> {
    const agentId = idOf(agent);
    const id = ids.next();
    const outcome = await storage.write(async ({ db }) => {
      const now = unixSeconds(clock);
      if ((await readState(db, 'kill_switch_status')) !== 'NORMAL') return 'later';
      if ((await findLiveRecall(db, agentId)) !== undefined) return 'later';
      const before = (await listRecallsOfAgent(db, agentId, AT_ONCE)).filter(({ kind }) => kind === 'TERMINATION');
      const last = before[0]?.ended_at ?? 0;
      if (before.length >= AT_ONCE && now < last + LATER_SECONDS) return 'later';
      const { own, recovery } = await loadDestinations(db, sealer, agent, now);
      const destination = own ?? recovery;
      if (destination === null) return 'nowhere';
      await insertRecall(db, sealer, {
        ...{ id, agent_id: agentId, kind: 'TERMINATION', destination, include_unlisted: 0 },
        // What was waived will not be moved some day, so nothing has to be kept for that.
        ...{ keep_gas: waived.length === 0 ? 1 : 0, requested_by: 'system', created_at: now },
      });
      const details = { recallId: id, kind: 'TERMINATION', destination };
      await appendAudit(db, now, { event: 'RECALL_REQUESTED', actor: 'system', agentId, details });
      return 'asked';
    });
    if (outcome === 'asked') startRecall(id);
    return outcome;
  }

  async function alert(agent: AgentRow, termination: TerminationRow | undefined, problem: Problem): Promise<void> {
    const now = unixSeconds(clock);
    if (termination === undefined || termination.alerted_at !== null || now < termination.created_at + ALERT_SECONDS)
      return;
    logger.error({ agentId: agent.id, ...problem }, 'An agent cannot come to its end by itself');
    await storage.write(async ({ db, notify }) => {
      await markTermination(db, idOf(agent), { alerted_at: now });
      await appendAudit(db, now, {
        ...{ event: 'AGENT_TERMINATING', actor: 'system', agentId: agent.id, severity: 'critical' },
        details: { ...problem },
      });
      await notify({ event: 'AGENT_TERMINATION_STUCK', agentId: agent.id, problem: problem.problem });
    });
  }

  async function advance(agent: AgentRow): Promise<void> {
    const agentId = idOf(agent);
    const termination = await findTermination(storage.read, agentId);
    const live = await findLiveRecall(storage.read, agentId);
    if (live !== undefined) {
      startRecall(live.id);
      return alert(agent, termination, { problem: 'RECALL_IN_PROGRESS' });
    }
    const isPaying = (await listUnderWayOfAgent(storage.read, agentId)).length > 0;
    if (isPaying && unixSeconds(clock) < (termination?.created_at ?? 0) + DRAIN_SECONDS) return;
    const waived = waivedOf(termination);
    const adapter = reader.adapterOf(agent);
    if (adapter === null) return alert(agent, termination, { problem: 'CHAIN_ERROR' });
    const listed = await reader.listedAssets(agentId);
    const holdings = await reader.holdings(adapter, agent, listed);
    const open = await obstacles(adapter, agent, { holdings, listed, waived });
    // Nobody knows what will be there once they have ended.
    if (open.length === 0 && isPaying) return alert(agent, termination, { problem: 'PAYMENTS_UNDER_WAY' });
    if (open.length === 0) return finish(agent, holdings);
    const outcome = await sweepAgain(agent, waived);
    if (outcome !== 'asked') {
      await alert(agent, termination, {
        problem: outcome === 'nowhere' ? 'NO_DESTINATION' : 'ASSETS_LEFT',
        assets: open,
      });
    }
  }

  /** A step that fails is made again, and is told after a day like all else that an end waits for. */
  async function tryToAdvance(agent: AgentRow): Promise<void> {
    try {
      await advance(agent);
    } catch (error) {
      const problem = isChainError(error) ? 'CHAIN_ERROR' : 'INTERNAL_ERROR';
      await alert(agent, await findTermination(storage.read, idOf(agent)), { problem });
      throw error;
    }
  }

  /** Whether an agent that has ended holds more of anything than when it was last looked at. */
  async function look(agent: AgentRow): Promise<void> {
    const adapter = reader.adapterOf(agent);
    const termination = await findTermination(storage.read, agent.id);
    if (adapter === null || termination === undefined) return;
    const listed = await reader.listedAssets(idOf(agent));
    const before = termination.seen === null ? {} : seenSchema.parse(JSON.parse(termination.seen));
    const present = sums(agent, await reader.holdings(adapter, agent, listed), before);
    const seen = toJson(present);
    if (seen === termination.seen) return;
    const more = Object.entries(present).filter(([asset, sum]) => BigInt(sum) > BigInt(before[asset] ?? '0'));
    await storage.write(async ({ db, notify }) => {
      const now = unixSeconds(clock);
      await markTermination(db, idOf(agent), { seen });
      if (more.length === 0) return;
      await appendAudit(db, now, {
        ...{ event: 'LATE_DEPOSIT', actor: 'system', agentId: agent.id },
        details: { holds: Object.fromEntries(more), address: agent.public_key },
      });
      await notify({ event: 'LATE_DEPOSIT', agentId: agent.id, address: agent.public_key });
    });
  }

  async function forEach(agents: readonly AgentRow[], work: (agent: AgentRow) => Promise<void>): Promise<void> {
    for (const agent of agents) {
      try {
        await work(agent);
      } catch (error) {
        // One wallet that cannot be read must not keep the others from their end.
        logger.warn(
          { agentId: agent.id, error: String(error) },
          'The end of an agent could not go on; it is tried again',
        );
      }
    }
  }

  return {
    async request(agentId, { waive }, origin) {
      const unknown = waive.findIndex((asset) => !isAssetId(asset));
      if (unknown !== -1) {
        throw validationError([{ path: `waive.${unknown}`, code: 'custom', message: 'must be the id of an asset' }]);
      }
      await storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        if (waive.length === 0) await confirmOrigin(db, sealer, origin);
        else await confirmGovernor(db, sealer, origin);
        if ((await readState(db, 'kill_switch_status')) !== 'NORMAL') throw new WaiaasError('SYSTEM_LOCKED');
        const agent = await findAgent(db, agentId);
        if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId } });
        if (agent.status === 'TERMINATED') throw new WaiaasError('AGENT_TERMINATED');
        const begun = agent.status === 'TERMINATING' ? {} : await begin(db, agent, origin, now);
        const before = waivedOf(await findTermination(db, agentId));
        const waived = [...new Set([...before, ...waive])].sort();
        await writeTermination(db, sealer, {
          ...{ agent_id: agentId, requested_by: actorName(origin), created_at: now, waived: toJson(waived) },
        });
        const details = { ...begun, waived };
        await appendAudit(db, now, { event: 'AGENT_TERMINATING', agentId, ...auditOrigin(origin), details });
        if (agent.status !== 'TERMINATING') {
          await notify({ event: 'AGENT_TERMINATING', agentId, by: actorName(origin) });
        }
      });
    },

    async run() {
      // While the kill switch is engaged nothing is moved, and so nothing ends.
      if (!gate.isOpen) return;
      await forEach(await listAgentsInState(storage.read, 'TERMINATING'), tryToAdvance);
    },

    watch: async () => forEach(await listAgentsInState(storage.read, 'TERMINATED'), look),
  };
}
