import { setImmediate as yieldToOthers } from 'node:timers/promises';
import {
  agentId as brandAgentId,
  policyId as brandPolicyId,
  canonicalJson,
  type DecisionRecordResponse,
  isoFromSeconds,
  type RowSealer,
  type TransactionId,
  WaiaasError,
} from '@waiaas/core';
import { compilePolicies, decodeFacts, evaluate, type PolicyRow } from '@waiaas/policy-engine';
import {
  type Db,
  type DecisionRow,
  findDecision,
  findPolicyVersion,
  findTransaction,
  isDecisionAuthentic,
  isPolicyVersionAuthentic,
  listDecisions,
  type TransactionRow,
} from '@waiaas/storage';
import { z } from 'zod';
import { readIntent } from './admission.ts';

/** Whether a decision comes out the same when it is made again from what was recorded. */
export type ReplayVerdict =
  | { readonly verdict: 'same' }
  /** The session had refused before the policies were asked: there is nothing to make again. */
  | { readonly verdict: 'session' }
  /** Something that is needed to make it again is not what the daemon wrote. */
  | { readonly verdict: 'not_authentic'; readonly what: string }
  | { readonly verdict: 'different'; readonly now: unknown };

/** What a replay of all decisions has found. */
export interface ReplayReport {
  readonly total: number;
  readonly same: number;
  readonly refusedBySession: number;
  /** Transactions whose decision does not come out the same, or whose record is not authentic; at most 100. */
  readonly faults: readonly { readonly transactionId: string; readonly verdict: string; readonly what: string }[];
  readonly faultCount: number;
}

const policiesSchema = z.array(z.tuple([z.string(), z.int()]));
const criteriaSchema = z.array(z.record(z.string(), z.unknown()));
const decisionSchema = z.looseObject({ outcome: z.enum(['ALLOW', 'DENY']) });

/** Rows of one replay step. */
const BATCH = 500;

/** Tells how payments were decided, and decides them again (09 no. 9). */
export interface DecisionRecords {
  /** @throws WaiaasError TX_NOT_FOUND when there is no such payment, or none of which a decision was recorded */
  get(id: TransactionId): Promise<DecisionRecordResponse>;
  /** Makes every decision again and compares. */
  replay(): Promise<ReplayReport>;
}

/** Reads and replays decisions. */
export function createDecisionRecords(dependencies: {
  readonly read: Db;
  readonly sealer: RowSealer;
}): DecisionRecords {
  const { read, sealer } = dependencies;

  /** The policies a decision was made by, as they were, or what is wrong with them. */
  async function policiesOf(record: DecisionRow): Promise<readonly PolicyRow[] | string> {
    const rows: PolicyRow[] = [];
    for (const [id, version] of policiesSchema.parse(JSON.parse(record.policies))) {
      const row = await findPolicyVersion(read, id, version);
      if (row === undefined || !isPolicyVersionAuthentic(sealer, row)) return `policy ${id} version ${version}`;
      rows.push({
        id: brandPolicyId(row.policy_id),
        version: row.version,
        agentId: row.agent_id === null ? null : brandAgentId(row.agent_id),
        type: row.type,
        rules: JSON.parse(row.rules),
        priority: row.priority,
        enabled: row.enabled === 1,
        authentic: true,
      });
    }
    return rows;
  }

  async function again(record: DecisionRow, row: TransactionRow | undefined): Promise<ReplayVerdict> {
    if (!isDecisionAuthentic(sealer, record)) return { verdict: 'not_authentic', what: 'record' };
    const authentic = row === undefined ? null : readIntent(sealer, row);
    if (authentic === null) return { verdict: 'not_authentic', what: 'intent' };
    if (record.decision === null || record.facts === null) return { verdict: 'session' };
    const policies = await policiesOf(record);
    if (typeof policies === 'string') return { verdict: 'not_authentic', what: policies };
    const stored = decisionSchema.parse(JSON.parse(record.decision));
    // Policies that were not authentic then are not recorded: nothing can be made again of them but the denial itself.
    if (
      stored.reason === 'POLICY_NOT_AUTHENTIC' ||
      stored.reason === 'POLICY_MALFORMED' ||
      stored.reason === 'POLICY_TYPE_UNKNOWN'
    )
      return { verdict: 'same' };
    const { chain, asset, amount, to, agentId } = authentic.intent;
    const now = evaluate(compilePolicies(policies, agentId), { chain, asset, amount, to }, decodeFacts(record.facts));
    return canonicalJson(now) === record.decision ? { verdict: 'same' } : { verdict: 'different', now };
  }

  return {
    async get(id) {
      const row = await findTransaction(read, id);
      const record = row === undefined ? undefined : await findDecision(read, id);
      if (row === undefined || record === undefined) throw new WaiaasError('TX_NOT_FOUND');
      const replay = await again(record, row);
      const decision = record.decision === null ? null : decisionSchema.parse(JSON.parse(record.decision));
      const { criteria, ...verdict } = decision ?? { criteria: [] };
      return {
        transactionId: id,
        agentId: row.agent_id,
        decidedAt: isoFromSeconds(record.decided_at),
        status: row.status,
        ...(row.tier === null ? {} : { tier: row.tier }),
        session: criteriaSchema.parse(JSON.parse(record.session_criteria)),
        verdict: decision === null ? null : verdict,
        criteria: criteriaSchema.parse(criteria ?? []),
        facts: record.facts === null ? null : z.record(z.string(), z.unknown()).parse(JSON.parse(record.facts)),
        policies: policiesSchema
          .parse(JSON.parse(record.policies))
          .map(([policyId, version]) => ({ policyId, version })),
        replay: replay.verdict,
        ...(replay.verdict === 'not_authentic' ? { replayProblem: replay.what } : {}),
      };
    },

    async replay() {
      const faults: { transactionId: string; verdict: string; what: string }[] = [];
      let [total, same, refusedBySession, faultCount] = [0, 0, 0, 0];
      for (let cursor: string | undefined; ; ) {
        const batch = await listDecisions(read, { cursor, limit: BATCH });
        for (const record of batch) {
          const verdict = await again(record, await findTransaction(read, record.tx_id));
          total += 1;
          if (verdict.verdict === 'same') same += 1;
          else if (verdict.verdict === 'session') refusedBySession += 1;
          else {
            faultCount += 1;
            const what = verdict.verdict === 'not_authentic' ? verdict.what : canonicalText(verdict.now);
            if (faults.length < 100) faults.push({ transactionId: record.tx_id, verdict: verdict.verdict, what });
          }
        }
        cursor = batch.at(-1)?.tx_id;
        // Payments are not to wait for the whole history.
        await yieldToOthers();
        if (batch.length < BATCH) return { total, same, refusedBySession, faultCount, faults };
      }
    },
  };
}

const canonicalText = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
