import { setImmediate as yieldToOthers } from 'node:timers/promises';
import {
  type AgentId,
  agentId as brandAgentId,
  policyId as brandPolicyId,
  type ChangedDecision,
  type Intent,
  isoFromSeconds,
  type PolicyEvaluation,
  type PolicyEvaluationResponse,
  type PolicyJudgement,
  type PolicyVerdict,
  type ProposedPolicy,
  type RowSealer,
  tierSchema,
  toJson,
} from '@waiaas/core';
import {
  type CompiledPolicies,
  compilePolicies,
  type Decision,
  decodeFacts,
  evaluate,
  factsNeeded,
  type PaymentFacts,
  type PolicyRow,
} from '@waiaas/policy-engine';
import {
  countTransactionsBefore,
  type Db,
  type DecisionRow,
  findTransaction,
  isDecisionAuthentic,
  listDecisions,
  liveReservations,
  type Storage,
  spentBefore,
  type TransactionRow,
} from '@waiaas/storage';
import { z } from 'zod';
import { readIntent } from './admission.ts';
import type { BalanceReader, BalanceReading } from './balance.ts';
import { BalanceNeeded, type Decider, type JudgedPayment } from './decide.ts';

/** Rows of one step through the history; between two steps others get their turn. */
const BATCH = 200;
/** Changed decisions that one answer shows. */
const SHOWN = 200;
/** More than anybody holds: whoever has it, has enough for every share. */
const PLENTY = 2n ** 255n;

/** A payment as admission would make it of a request, without a session. */
export type EvaluatedPayment = Omit<Intent, 'sessionId'>;

/** What the evaluation of policies needs. */
export interface PolicyEvaluatorDependencies {
  readonly storage: Pick<Storage, 'read' | 'write'>;
  readonly sealer: RowSealer;
  readonly decider: Decider;
  /** @throws WaiaasError for what could be no payment */
  readonly paymentOf: (agentId: AgentId, body: NonNullable<PolicyEvaluation['payment']>) => Promise<EvaluatedPayment>;
  readonly balanceOf: BalanceReader;
}

/** Ids of new policies: above all there are, because among equals the older one counts. */
const NEW_ID = /^ffffffff-ffff-7fff-bfff-/;
const newId = (index: number): string => `ffffffff-ffff-7fff-bfff-${index.toString(16).padStart(12, '0')}`;

const rowOf = ({ id, agentId, type, rules, priority, enabled }: ProposedPolicy, index: number): PolicyRow => ({
  id: brandPolicyId(id ?? newId(index)),
  version: 1,
  agentId: agentId === undefined ? null : brandAgentId(agentId),
  type,
  rules,
  priority,
  enabled,
  authentic: true,
});

function verdictOf(decision: Decision): PolicyVerdict {
  const by = decision.policyId === null || NEW_ID.test(decision.policyId) ? {} : { policyId: decision.policyId };
  if (decision.outcome === 'DENY') return { outcome: 'DENY', code: decision.code, reason: decision.reason, ...by };
  const { tier, delaySeconds, approvalTimeoutSeconds, raisedBy } = decision;
  return {
    outcome: 'ALLOW',
    tier,
    ...(delaySeconds === null ? {} : { delaySeconds }),
    ...(approvalTimeoutSeconds === null ? {} : { approvalTimeoutSeconds }),
    ...(raisedBy === null ? {} : { raisedBy }),
    ...by,
  };
}

const criteriaSchema = z.array(z.record(z.string(), z.unknown()));

/** Amounts become decimal strings. */
const judgementOf = (decision: Decision): PolicyJudgement => ({
  ...verdictOf(decision),
  criteria: criteriaSchema.parse(JSON.parse(toJson(decision.criteria))),
});

const storedDecisionSchema = z.looseObject({
  outcome: z.enum(['ALLOW', 'DENY']),
  tier: tierSchema.optional(),
  delaySeconds: z.int().nullish(),
  approvalTimeoutSeconds: z.int().nullish(),
  raisedBy: z.string().nullish(),
  code: z.string().optional(),
  reason: z.string().optional(),
  policyId: z.string().nullish(),
});

function storedVerdict(text: string): PolicyVerdict {
  const stored = storedDecisionSchema.parse(JSON.parse(text));
  const { outcome, tier, delaySeconds, approvalTimeoutSeconds, raisedBy, code, reason, policyId } = stored;
  return {
    outcome,
    ...(tier === undefined ? {} : { tier }),
    ...(delaySeconds == null ? {} : { delaySeconds }),
    ...(approvalTimeoutSeconds == null ? {} : { approvalTimeoutSeconds }),
    ...(raisedBy == null ? {} : { raisedBy }),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(policyId == null ? {} : { policyId }),
  };
}

const STRICTNESS = { INSTANT: 0, NOTIFY: 1, DELAY: 2, APPROVAL: 3 } as const;
const DENIED = 4;

const strictness = ({ outcome, tier }: PolicyVerdict): number =>
  outcome === 'DENY' || tier === undefined ? DENIED : STRICTNESS[tier];

/** How one verdict differs from another, for whoever asks for the payment. A longer delay is stricter, too. */
function changeOf(present: PolicyVerdict, proposed: PolicyVerdict): 'same' | 'stricter' | 'looser' {
  const difference =
    strictness(proposed) - strictness(present) || (proposed.delaySeconds ?? 0) - (present.delaySeconds ?? 0);
  return difference === 0 ? 'same' : difference > 0 ? 'stricter' : 'looser';
}

/** Carries what was found out of its unit of work, and by being thrown undoes whatever the unit wrote. */
class Found extends Error {
  override readonly name = 'Found';
  readonly present: Decision;
  readonly proposed: Decision;

  constructor(present: Decision, proposed: Decision) {
    super('An evaluation is taken back');
    this.present = present;
    this.proposed = proposed;
  }
}

/**
 * Says what a set of policies would decide: about a payment now, by the function that admission runs and beside what the
 * policies in force decide; and about payments of the past.
 */
export function createPolicyEvaluator(
  dependencies: PolicyEvaluatorDependencies,
): (input: PolicyEvaluation, now: number) => Promise<PolicyEvaluationResponse> {
  const { storage, sealer, decider, paymentOf, balanceOf } = dependencies;

  async function ofPayment(
    rows: readonly PolicyRow[],
    body: NonNullable<PolicyEvaluation['payment']>,
    now: number,
  ): Promise<PolicyEvaluationResponse['payment']> {
    const intent = await paymentOf(brandAgentId(body.agentId), body);
    const compiled = compilePolicies(rows, intent.agentId);
    const attempt = (balance?: BalanceReading): Promise<Found | BalanceNeeded> =>
      storage
        .write(async ({ db }): Promise<never> => {
          const context = { live: liveReservations(db, intent.agentId), now, balance };
          const present = await decider.decide(db, intent, context);
          const proposed = await decider.judge(db, compiled, intent, context);
          throw new Found(present.decision, proposed.decision);
        })
        .catch((error: unknown) => {
          if (error instanceof Found || error instanceof BalanceNeeded) return error;
          throw error;
        });
    const first = await attempt();
    const found = first instanceof BalanceNeeded ? await attempt(await balanceOf(intent, first.mark)) : first;
    if (found instanceof BalanceNeeded) throw new Error('A balance was asked for twice');
    return { present: judgementOf(found.present), proposed: judgementOf(found.proposed) };
  }

  /** What a decision of the past would have had to go by under other policies. What was recorded then counts first. */
  async function factsOf(
    db: Db,
    compiled: CompiledPolicies,
    judged: JudgedPayment,
    recorded: PaymentFacts,
  ): Promise<PaymentFacts> {
    const { now } = recorded;
    const needed = factsNeeded(compiled, judged, now);
    const spent: { day: bigint | null; week: bigint | null } = { day: null, week: null };
    for (const { name, since } of needed.spent) {
      const { least, most } = await spentBefore(db, {
        agentId: judged.agentId,
        asset: judged.asset,
        since,
        moment: now,
        txId: judged.transactionId,
      });
      // Where the record has a sum that can be of this window, it knows the order within the second.
      const seen = recorded.spent[name];
      spent[name] = seen !== null && seen >= least && seen <= most ? seen : most;
    }
    const counts: { hour: number | null; day: number | null } = { hour: null, day: null };
    for (const { name, since } of needed.recentTransactions) {
      counts[name] =
        recorded.recentTransactions?.[name] ??
        (await countTransactionsBefore(db, judged.agentId, since, judged.transactionId));
    }
    return { ...recorded, spent, recentTransactions: counts };
  }

  /** What policies would have said, or null where that depends on a balance that was not asked for then. */
  async function wouldBe(
    compiled: CompiledPolicies,
    judged: JudgedPayment,
    recorded: PaymentFacts,
  ): Promise<PolicyVerdict | null> {
    const facts = await factsOf(storage.read, compiled, judged, recorded);
    if (facts.balance !== undefined) return verdictOf(evaluate(compiled, judged, facts));
    const [poor, rich] = [null, PLENTY].map((balance) => verdictOf(evaluate(compiled, judged, { ...facts, balance })));
    if (poor === undefined || rich === undefined) return null;
    return changeOf(poor, rich) === 'same' ? rich : null;
  }

  type Judged = keyof Omit<NonNullable<PolicyEvaluationResponse['history']>, 'total' | 'changes' | 'nextCursor'>;

  async function judgeAgain(
    record: DecisionRow,
    row: TransactionRow | undefined,
    policiesFor: (agentId: AgentId) => CompiledPolicies,
  ): Promise<Exclude<Judged, 'stricter' | 'looser'> | ChangedDecision> {
    const authentic = row === undefined ? null : readIntent(sealer, row);
    if (row === undefined || authentic === null || !isDecisionAuthentic(sealer, record)) return 'notAuthentic';
    if (record.decision === null || record.facts === null) return 'refusedBySession';
    const { intent } = authentic;
    const proposed = await wouldBe(policiesFor(intent.agentId), intent, decodeFacts(record.facts));
    if (proposed === null) return 'undetermined';
    const present = storedVerdict(record.decision);
    const change = changeOf(present, proposed);
    if (change === 'same') return 'same';
    return {
      transactionId: record.tx_id,
      agentId: intent.agentId,
      decidedAt: isoFromSeconds(record.decided_at),
      asset: intent.asset,
      amount: intent.amount.toString(),
      toAddress: intent.to,
      status: row.status,
      change,
      present,
      proposed,
    };
  }

  async function ofHistory(
    rows: readonly PolicyRow[],
    query: NonNullable<PolicyEvaluation['history']>,
  ): Promise<PolicyEvaluationResponse['history']> {
    const compiled = new Map<string, CompiledPolicies>();
    const policiesFor = (agentId: AgentId): CompiledPolicies => {
      const policies = compiled.get(agentId) ?? compilePolicies(rows, agentId);
      compiled.set(agentId, policies);
      return policies;
    };
    const seconds = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text) / 1000);
    const filter = { agentId: query.agentId, from: seconds(query.from), to: seconds(query.to) };
    const counts = { same: 0, stricter: 0, looser: 0, undetermined: 0, refusedBySession: 0, notAuthentic: 0 };
    const changes: ChangedDecision[] = [];
    let total = 0;
    let cursor = query.cursor;
    while (total < query.limit) {
      const batch = await listDecisions(storage.read, {
        ...filter,
        cursor,
        limit: Math.min(BATCH, query.limit - total),
      });
      for (const record of batch) {
        const judged = await judgeAgain(record, await findTransaction(storage.read, record.tx_id), policiesFor);
        counts[typeof judged === 'string' ? judged : judged.change] += 1;
        if (typeof judged !== 'string' && changes.length < SHOWN) changes.push(judged);
      }
      total += batch.length;
      cursor = batch.at(-1)?.tx_id ?? cursor;
      if (batch.length < BATCH && total < query.limit) return { total, ...counts, changes, nextCursor: null };
      await yieldToOthers();
    }
    const [more] = await listDecisions(storage.read, { ...filter, cursor, limit: 1 });
    return { total, ...counts, changes, nextCursor: more === undefined ? null : (cursor ?? null) };
  }

  return async ({ policies, payment, history }, now) => {
    const rows = policies.map(rowOf);
    return {
      payment: payment === undefined ? null : await ofPayment(rows, payment, now),
      history: history === undefined ? null : await ofHistory(rows, history),
    };
  };
}
