import { type AgentId, type AssetId, type Intent, sumBaseUnits } from '@waiaas/core';
import {
  blockedPolicies,
  type CompiledPolicies,
  type Decision,
  type DenyDecision,
  evaluate,
  evaluateClaim,
  factsNeeded,
  type Payment,
  type PaymentFacts,
  type PolicyReference,
  policyReferences,
} from '@waiaas/policy-engine';
import {
  countRecentTransactions,
  type Db,
  type LedgerMark,
  type LiveReservation,
  ledgerMark,
  reportBrokenLedger,
  reportBrokenPolicies,
  settledSinceMark,
  spentSince,
} from '@waiaas/storage';
import { type BalanceReading, freeBalance } from './balance.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { createPolicyLoader } from './policy-facts.ts';
import type { Refusal } from './refusal.ts';

/** A decision with everything that is needed to make it again (09 no. 9). */
export interface Decided {
  readonly decision: Decision;
  readonly facts: PaymentFacts;
  /** The versions that were in force. */
  readonly policies: readonly PolicyReference[];
}

/** Whether the rules of today permit a payment that waited, with everything that is needed to decide it again. */
export interface ClaimDecided extends Omit<Decided, 'decision'> {
  /** Null when they do. */
  readonly denial: DenyDecision | null;
}

/** What a decision is about, beside the payment. */
export interface DecisionContext {
  /** Reservations of the agent without that of the payment; null when it cannot be told what is reserved, which denies. */
  readonly live: readonly LiveReservation[] | null;
  /** Unix seconds. */
  readonly now: number;
  /** What the chain says that the agent holds of the asset; undefined when it was not asked. Only a rule about shares needs it. */
  readonly balance?: BalanceReading | undefined;
}

/** What of a payment is judged. */
export type JudgedPayment = Pick<Intent, 'agentId' | 'chain' | 'asset' | 'amount' | 'to' | 'transactionId'>;

/** A rule asks for the balance, which no unit of work can wait for: it is read, and the unit is run again. */
export class BalanceNeeded extends Error {
  override readonly name = 'BalanceNeeded';
  /** How far the ledger of the asset has come before the balance is read; null when nobody can say. */
  readonly mark: LedgerMark | null;

  constructor(mark: LedgerMark | null) {
    super('A rule asks for the balance');
    this.mark = mark;
  }
}

/** Judges payments by the policies in force. The one place where the pipeline asks the policy engine (04 §5, FIX C1). */
export interface Decider {
  /** The decision about a new payment. @throws BalanceNeeded */
  decide(db: Db, intent: JudgedPayment, context: DecisionContext): Promise<Decided>;
  /**
   * Whether a payment that was admitted before may still be carried out, by the rules of today (04 §19). Its tier stays
   * what it was.
   */
  objection(db: Db, intent: Intent, context: DecisionContext): Promise<ClaimDecided>;
  /** The decision about a payment by policies that are handed in, in force or only thought of. @throws BalanceNeeded */
  judge(db: Db, policies: CompiledPolicies, payment: JudgedPayment, context: DecisionContext): Promise<Decided>;
  /** The policies in force for an agent; null when they are not what was stored. */
  inForce(db: Db, agentId: AgentId): Promise<CompiledPolicies | null>;
}

/** What is reserved of an asset. */
export const reservedOf = (live: readonly LiveReservation[], asset: AssetId): bigint =>
  sumBaseUnits(live.filter((reserved) => reserved.asset === asset).map(({ amount }) => amount));

/** What denies everything: policies, or counters, that are not what the daemon wrote. */
const blocked = (agentId: AgentId, reason: 'POLICY_NOT_AUTHENTIC' | 'COUNTERS_NOT_AUTHENTIC'): CompiledPolicies =>
  blockedPolicies(agentId, { reason, policyId: null, policyVersion: null });

/** What the requester of a denied payment is told. */
export function denialOf(decision: DenyDecision, asset: AssetId): Refusal {
  const { policyId, policyType = null, reason, cap, rate } = decision;
  if (cap !== undefined) {
    const { name, ...figures } = cap;
    return { code: decision.code, token: reason, details: { cap: name, asset, ...figures, policyId } };
  }
  return {
    code: decision.code,
    token: reason,
    details: { policyId, reason, ...(policyType === null ? {} : { policyType }), ...rate },
  };
}

const paymentOf = ({ chain, asset, amount, to }: JudgedPayment): Payment => ({ chain, asset, amount, to });

/** Makes the decider. */
export function createDecider(dependencies: Pick<PipelineDependencies, 'owner' | 'sealer' | 'settings'>): Decider {
  const { owner, sealer, settings } = dependencies;
  const loadPolicies = createPolicyLoader(sealer);

  /** The policies in force; where they are not what was stored, policies that deny everything. */
  async function authentic(db: Db, intent: JudgedPayment, now: number): Promise<CompiledPolicies> {
    const { compiled, complete, forged } = await loadPolicies(db, intent.agentId);
    if (complete && forged.length === 0) return compiled;
    const found = { agentId: intent.agentId, txId: intent.transactionId, policies: forged, complete };
    await reportBrokenPolicies(db, found, now);
    return complete ? compiled : blocked(intent.agentId, 'POLICY_NOT_AUTHENTIC');
  }

  /** What was spent, or null when what is stored of it cannot be believed. */
  async function spends(db: Db, intent: JudgedPayment, queries: readonly { name: 'day' | 'week'; since: number }[]) {
    const spent: { day: bigint | null; week: bigint | null } = { day: null, week: null };
    for (const { name, since } of queries) {
      spent[name] = await spentSince(db, sealer, intent.agentId, intent.asset, since);
      if (spent[name] === null) return null;
    }
    return spent;
  }

  const surroundings = (live: readonly LiveReservation[], asset: AssetId, now: number) => ({
    now,
    reserved: reservedOf(live, asset),
    reachableChannels: owner.reachableChannels(),
    minChannels: settings.minChannels,
    defaults: { delaySeconds: settings.delaySeconds, approvalTimeoutSeconds: settings.approvalTimeoutSeconds },
  });

  /**
   * What the agent holds and has promised to no other payment, by its sealed head as it is in this unit of work. The balance was
   * read before, when nobody could know yet which payments would be admitted or settle in between.
   */
  function freeOf(
    db: Db,
    { agentId, asset }: JudgedPayment,
    { held, mark }: BalanceReading,
    live: readonly LiveReservation[] | null,
  ): bigint | null {
    return freeBalance(held, {
      reserved: live === null ? null : reservedOf(live, asset),
      settled: mark === null ? null : settledSinceMark(db, agentId, asset, mark),
    });
  }

  async function judge(
    db: Db,
    policies: CompiledPolicies,
    judged: JudgedPayment,
    { live, now, balance }: DecisionContext,
  ): Promise<Decided> {
    const payment = paymentOf(judged);
    const needed = factsNeeded(policies, payment, now);
    if (needed.balance && balance === undefined) throw new BalanceNeeded(ledgerMark(db, judged.agentId, judged.asset));
    const spent = await spends(db, judged, needed.spent);
    if (spent === null) await reportBrokenLedger(db, judged.agentId, judged.asset, now);
    const unproven = live === null || spent === null;
    const compiled = unproven ? blocked(judged.agentId, 'COUNTERS_NOT_AUTHENTIC') : policies;
    const counts: { hour: number | null; day: number | null } = { hour: null, day: null };
    for (const { name, since } of needed.recentTransactions) {
      counts[name] = await countRecentTransactions(db, judged.agentId, since, judged.transactionId);
    }
    const facts: PaymentFacts = {
      ...surroundings(live ?? [], judged.asset, now),
      spent: spent ?? { day: null, week: null },
      ...(needed.recentTransactions.length === 0 ? {} : { recentTransactions: counts }),
      ...(needed.balance && balance !== undefined ? { balance: freeOf(db, judged, balance, live) } : {}),
    };
    return { decision: evaluate(compiled, payment, facts), facts, policies: policyReferences(compiled) };
  }

  return {
    decide: async (db, intent, context) => judge(db, await authentic(db, intent, context.now), intent, context),

    judge,

    async objection(db, intent, { live, now }) {
      const policies = await authentic(db, intent, now);
      const payment = paymentOf(intent);
      const spent = await spends(db, intent, factsNeeded(policies, payment, now).spent);
      if (spent === null) await reportBrokenLedger(db, intent.agentId, intent.asset, now);
      const unproven = live === null || spent === null;
      const compiled = unproven ? blocked(intent.agentId, 'COUNTERS_NOT_AUTHENTIC') : policies;
      const facts: PaymentFacts = {
        ...surroundings(live ?? [], intent.asset, now),
        spent: spent ?? { day: null, week: null },
      };
      return { denial: evaluateClaim(compiled, payment, facts), facts, policies: policyReferences(compiled) };
    },

    async inForce(db, agentId) {
      const { compiled, complete, forged } = await loadPolicies(db, agentId);
      return complete && forged.length === 0 ? compiled : null;
    },
  };
}
