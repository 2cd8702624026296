import {
  type AgentId,
  agentId as brandAgentId,
  type Clock,
  isWaiaasError,
  type Logger,
  type RowSealer,
  unixSeconds,
} from '@waiaas/core';
import {
  appendAudit,
  findAgent,
  hasWarnedSince,
  listAudit,
  listPaymentEvents,
  loadAutoStopRules,
  moveAgent,
  type PaymentEvent,
  readState,
  revokeLiveSessions,
  type Storage,
  type UnitOfWork,
  writeState,
} from '@waiaas/storage';
import { cancelWaiting } from '../cancel-waiting.ts';
import type { KillSwitch } from '../kill-switch/index.ts';
import { stopUnsigned } from '../stop-unsigned.ts';
import { readActivity } from './activity.ts';
import { type DailyUse, evaluateRules, type Verdict } from './evaluate.ts';
import { type ActiveRule, allFor, FALLBACK_RULES, readRule, rulesFor } from './rules.ts';

/** What auto-stop works with. */
export interface AutoStopDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly killSwitch: Pick<KillSwitch, 'status' | 'activate'>;
  /** How much of its daily caps an agent has spent, by the code that enforces them. */
  readonly dailyUse: (agentId: AgentId) => Promise<readonly DailyUse[]>;
}

/**
 * Watches what agents did, after the fact (05 §4). It reads the audit log from where it last was, so that whatever made a
 * payment end is seen, whoever carried it out, also when the daemon was killed right after it.
 */
export interface AutoStop {
  /**
   * Looks at everything that has happened since the last look, and acts. Run every second, one at a time. What cannot be
   * looked at for one agent keeps it from no other one, and is looked at again.
   * @throws what went wrong with an agent, once all others were looked at
   */
  look(): Promise<void>;
  /** While auto-stop is off: what has happened up to now is looked at by nobody, also once it is on. */
  passOver(): Promise<void>;
}

/** Events of one page; the next one follows at once. */
const PAGE = 500;
const DAY = 86_400;
const HOUR = 3600;

/** When a warning may be given again: once a day for a daily cap, once an hour for the rest. */
const windowOf = ({ type }: ActiveRule, now: number): number =>
  type === 'DAILY_LIMIT_THRESHOLD' ? now - (now % DAY) : now - (now % HOUR);

/** Builds auto-stop. */
export function createAutoStop(dependencies: AutoStopDependencies): AutoStop {
  const { storage, sealer, clock, logger, killSwitch, dailyUse } = dependencies;
  let toldForged = false;
  let cursor: number | null = null;
  /** What has happened to agents that could not be looked at. What is stored of the cursor stays behind all of it. */
  const owed = new Map<string, readonly PaymentEvent[]>();

  /**
   * The rules in force for an agent. Where somebody else has changed them, those of a new daemon and all that are still what
   * this one has written, side by side, so that no rule takes the place of a stricter one: fewer rules would allow more.
   */
  async function rulesInForce(): Promise<(agentId: string) => readonly ActiveRule[]> {
    const { rules, authentic, sealed } = await loadAutoStopRules(storage.read, sealer);
    const read = rules.filter(({ enabled }) => enabled === 1).map(readRule);
    const active = read.filter((rule) => rule !== null);
    if (authentic && active.length === read.length) {
      toldForged = false;
      return (agentId) => rulesFor(active, agentId);
    }
    if (!toldForged) {
      await storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', details: { what: 'auto_stop_rules' } });
        await notify({ event: 'SEAL_BROKEN', what: 'auto_stop_rules', id: null, agentId: null });
      });
      toldForged = true;
    }
    const left = sealed
      .filter(({ enabled }) => enabled === 1)
      .map(readRule)
      .filter((rule) => rule !== null);
    return (agentId) => allFor([...left, ...FALLBACK_RULES], agentId);
  }

  /** Does what a rule asks for. Answers whether it did: a warning is given once for its time, an agent is stopped once. */
  async function act({ db, notify }: UnitOfWork, agentId: string, verdict: Verdict, now: number): Promise<boolean> {
    const { rule, action, reason } = verdict;
    const details = { ruleId: rule.id, ruleType: rule.type, reason };
    const by = { actor: 'auto_stop', agentId } as const;
    if (action === 'WARN') {
      if (await hasWarnedSince(db, agentId, rule.id, windowOf(rule, now))) return false;
      await appendAudit(db, now, { event: 'AUTO_STOP_WARN', ...by, details });
    } else {
      const id = brandAgentId(agentId);
      if (!(await moveAgent(db, { id, from: 'ACTIVE', to: 'SUSPENDED', now, reason: 'auto_stop' }))) return false;
      const sessions = await revokeLiveSessions(db, sealer, now, id);
      for (const { id: sessionId } of sessions) {
        await appendAudit(db, now, { event: 'SESSION_REVOKED', ...by, sessionId, details: { trigger: 'auto_stop' } });
      }
      const ending = { code: 'AGENT_SUSPENDED', token: 'AUTO_STOP', actor: 'auto_stop' } as const;
      const transactionsCancelled = await cancelWaiting(db, sealer, now, ending, id);
      const transactionsStopped = await stopUnsigned(db, sealer, now, ending, id);
      const counts = { sessionsRevoked: sessions.length, transactionsCancelled, transactionsStopped };
      await appendAudit(db, now, { event: 'AGENT_SUSPENDED', ...by, details: { reason: 'auto_stop' } });
      await appendAudit(db, now, { event: 'AUTO_STOP_SUSPEND', ...by, details: { ...details, ...counts } });
    }
    await notify({ event: 'AUTO_STOP_TRIGGERED', agentId, ruleId: rule.id, ruleType: rule.type, action, reason });
    return true;
  }

  /** Engages the kill switch for a rule. That it is engaged already is as good. */
  async function stopEverything(agentId: string, { rule, reason }: Verdict): Promise<void> {
    try {
      await killSwitch.activate(`auto_stop: ${rule.type} - ${reason}`.slice(0, 500), { by: 'auto_stop' });
    } catch (error) {
      if (!isWaiaasError(error, 'KILL_SWITCH_ACTIVE')) throw error;
    }
    const details = { ruleId: rule.id, ruleType: rule.type, reason };
    await storage.write(({ db }) =>
      appendAudit(db, unixSeconds(clock), { event: 'AUTO_STOP_KILL_SWITCH', actor: 'auto_stop', agentId, details }),
    );
  }

  /**
   * The audit row up to which everything was looked at. While this process runs it is its own memory that counts; a stored
   * one that is no such row was written by somebody else, and the last hour is looked at again.
   */
  async function findCursor(): Promise<number> {
    if (cursor !== null) return cursor;
    const stored = await readState(storage.read, 'auto_stop_cursor');
    const [last] = await listAudit(storage.read, { order: 'desc', limit: 1 });
    if (typeof stored === 'number' && Number.isSafeInteger(stored) && stored <= (last?.id ?? 0)) return stored;
    const [first] = await listAudit(storage.read, { order: 'asc', limit: 1, from: unixSeconds(clock) - HOUR });
    return first === undefined ? 0 : first.id - 1;
  }

  /** Where the next start takes up: what is owed is looked at again then. */
  async function moveOn(to: number): Promise<void> {
    const first = [...owed.values()].flatMap(([event]) => event ?? []);
    const oldest = first.reduce((least, { id }) => Math.min(least, id - 1), to);
    await storage.write(({ db }) => writeState(db, 'auto_stop_cursor', oldest, unixSeconds(clock)));
    cursor = to;
  }

  /** One page of events, and what is owed. Answers whether there is more. The cursor moves on only once all was looked at. */
  async function lookAtPage(failures: unknown[]): Promise<boolean> {
    const from = await findCursor();
    const events = await listPaymentEvents(storage.read, from, PAGE);
    const byAgent = new Map(owed);
    for (const event of events) {
      if (event.agent_id === null) continue;
      byAgent.set(event.agent_id, [...(byAgent.get(event.agent_id) ?? []), event].slice(-PAGE));
    }
    if (byAgent.size > 0) {
      const rules = await rulesInForce();
      for (const [agentId, theirs] of byAgent) {
        if (killSwitch.status() !== 'NORMAL') return false;
        try {
          await lookAt(agentId, theirs, rules(agentId));
          owed.delete(agentId);
        } catch (error) {
          owed.set(agentId, theirs);
          failures.push(error);
        }
      }
    }
    const last = events.at(-1);
    if (last === undefined) cursor = from;
    else await moveOn(last.id);
    return events.length === PAGE;
  }

  async function lookAt(agentId: string, events: readonly PaymentEvent[], rules: readonly ActiveRule[]): Promise<void> {
    const now = unixSeconds(clock);
    // One that is stopped already cannot be stopped, and must not stop others.
    if ((await findAgent(storage.read, agentId))?.status !== 'ACTIVE') return;
    const use = await dailyUse(brandAgentId(agentId));
    const activity = await readActivity(storage.read, agentId, { now, events, dailyUse: use });
    if (activity === null) return;
    const verdicts = evaluateRules(rules, activity);
    const [worst] = verdicts;
    if (worst === undefined) return;
    const tell = ({ rule, action, reason }: Verdict): void =>
      logger.warn({ agentId, rule: rule.type, action, reason }, 'An auto-stop rule fired');
    if (worst.action === 'KILL_SWITCH') {
      tell(worst);
      return stopEverything(agentId, worst);
    }
    const chosen = worst.action === 'WARN' ? verdicts : [worst];
    const done = await storage.write(async (work) => {
      const acted: Verdict[] = [];
      for (const verdict of chosen) if (await act(work, agentId, verdict, now)) acted.push(verdict);
      return acted;
    });
    for (const verdict of done) tell(verdict);
  }

  return {
    async look() {
      const failures: unknown[] = [];
      // While everything is stopped there is nothing to stop; what happened meanwhile is looked at afterwards.
      while (killSwitch.status() === 'NORMAL' && (await lookAtPage(failures)));
      if (failures.length > 0) throw failures[0];
    },

    async passOver() {
      owed.clear();
      for (;;) {
        const last = (await listPaymentEvents(storage.read, await findCursor(), PAGE)).at(-1);
        if (last === undefined) return;
        await moveOn(last.id);
      }
    },
  };
}
