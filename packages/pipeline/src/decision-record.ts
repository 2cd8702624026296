import { setImmediate as yieldToOthers } from 'node:timers/promises';
import {
  type AgentId,
  agentId as brandAgentId,
  policyId as brandPolicyId,
  canonicalJson,
  type DecisionRecordResponse,
  decodeIntent,
  decodeRecallIntent,
  type Intent,
  isoFromSeconds,
  type RowSealer,
  type TransactionId,
  WaiaasError,
} from '@waiaas/core';
import {
  blockedPolicies,
  type CompiledPolicies,
  compilePolicies,
  decodeFacts,
  evaluate,
  evaluateClaim,
  type PolicyRow,
} from '@waiaas/policy-engine';
import {
  type AuditWitness,
  type ClaimDecisionRow,
  type Db,
  type DecisionRow,
  findClaimDecision,
  findConstraints,
  findDecision,
  findPolicyVersion,
  findTransaction,
  isClaimDecisionAuthentic,
  isDecisionAuthentic,
  isIntentAuthentic,
  isPolicyVersionAuthentic,
  listDecisions,
  listUnrecorded,
  listWitnesses,
  type PolicyVersionRow,
  type TransactionRow,
} from '@waiaas/storage';
import { z } from 'zod';
import { readIntent } from './admission.ts';
import { readRules } from './policy-facts.ts';
import { encodeCriteria } from './session-check.ts';
import {
  constraintsHash,
  decodeClaimStanding,
  decodeSessionStanding,
  judgeSession,
  objectionOf,
  readConstraints,
} from './standing.ts';

/** Whether a decision comes out the same when it is made again from what was recorded. */
export type ReplayVerdict =
  | { readonly verdict: 'same' }
  /** The session, or the agent's state, had refused, and an earlier version had not kept what they were. */
  | { readonly verdict: 'session' }
  /** Something that is needed to make it again is not what the daemon wrote. */
  | { readonly verdict: 'not_authentic'; readonly what: string }
  | { readonly verdict: 'different'; readonly now: unknown };

/** A decision that was made and whose record is gone. */
interface MissingRecord {
  readonly verdict: 'missing';
  readonly what: string;
}

/** What a replay of all decisions has found, those at the end of the queue included, and those the audit log knows of. */
export interface ReplayReport {
  readonly total: number;
  readonly same: number;
  /** Refused by session or agent, and recorded by a version that did not keep what these were. */
  readonly refusedBySession: number;
  /** Transactions whose decision does not come out the same, or whose record is not authentic, or gone; at most 100. */
  readonly faults: readonly { readonly transactionId: string; readonly verdict: string; readonly what: string }[];
  readonly faultCount: number;
}

const policiesSchema = z.array(z.tuple([z.string(), z.int()]));
const criteriaSchema = z.array(z.record(z.string(), z.unknown()));
const decisionSchema = z.looseObject({
  outcome: z.enum(['ALLOW', 'DENY']),
  reason: z.string().optional(),
  policyId: z.string().nullish(),
  policyVersion: z.int().nullish(),
});
/** Reasons for which nothing is asked of any rule. */
const blockerSchema = z.enum([
  'POLICY_NOT_AUTHENTIC',
  'POLICY_MALFORMED',
  'POLICY_TYPE_UNKNOWN',
  'COUNTERS_NOT_AUTHENTIC',
]);

const toPolicyRow = (row: PolicyVersionRow): PolicyRow => ({
  id: brandPolicyId(row.policy_id),
  version: row.version,
  agentId: row.agent_id === null ? null : brandAgentId(row.agent_id),
  type: row.type,
  rules: readRules(row.rules),
  priority: row.priority,
  enabled: row.enabled === 1,
  authentic: true,
});

const namedPolicies = ({ policies }: Pick<DecisionRow, 'policies'>) =>
  policiesSchema.parse(JSON.parse(policies)).map(([policyId, version]) => ({ policyId, version }));

/** Version of the intents of which all have a record: the first ones had none, or were made before there were records. */
const RECORDED_SINCE = 2;

/** Whether an intent is one of a recall, of which nothing is decided. */
function isRecall(intent: string): boolean {
  try {
    decodeRecallIntent(intent);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Rows of one replay step. */
const BATCH = 500;
/** Rows of the audit log that are looked through in one: most of them need nothing looked up. */
const AUDIT_BATCH = 2000;

/** What an audit row shows to be gone; null where nothing is. */
function missingBeside({ auditId, event, lacks }: AuditWitness): MissingRecord | null {
  if (lacks === null) return null;
  const what = lacks === 'transaction' ? 'transaction' : 'record of the claim';
  return { verdict: 'missing', what: `${what}, of which audit row ${auditId} tells (${event})` };
}

/** Tells how payments were decided, and decides them again (09 no. 9). */
export interface DecisionRecords {
  /** @throws WaiaasError TX_NOT_FOUND when there is no such payment, or none of which a decision was recorded */
  get(id: TransactionId): Promise<DecisionRecordResponse>;
  /**
   * Makes every decision again and compares; and asks the audit log, row by row, for payments whose records are gone. That
   * the log itself is whole is for the check of the audit log to say.
   */
  replay(): Promise<ReplayReport>;
}

/** Reads and replays decisions. */
export function createDecisionRecords(dependencies: {
  readonly read: Db;
  readonly sealer: RowSealer;
}): DecisionRecords {
  const { read, sealer } = dependencies;

  /** The policies a decision was made by, as they were, or what is wrong with them. */
  async function policiesOf(record: Pick<DecisionRow, 'policies'>): Promise<readonly PolicyRow[] | string> {
    const rows: PolicyRow[] = [];
    for (const [id, version] of policiesSchema.parse(JSON.parse(record.policies))) {
      const row = await findPolicyVersion(read, id, version);
      if (row === undefined || !isPolicyVersionAuthentic(sealer, row)) return `policy ${id} version ${version}`;
      rows.push(toPolicyRow(row));
    }
    return rows;
  }

  async function again(record: DecisionRow, row: TransactionRow | undefined): Promise<ReplayVerdict> {
    if (!isDecisionAuthentic(sealer, record)) return { verdict: 'not_authentic', what: 'record' };
    const authentic = row === undefined ? null : readIntent(sealer, row);
    if (authentic === null) return { verdict: 'not_authentic', what: 'intent' };
    const session = await sessionAgain(record, authentic.intent);
    if (typeof session === 'string') return { verdict: 'not_authentic', what: session };
    if (session !== null && (record.decision === null) !== session.refused) {
      return { verdict: 'different', now: session.refused ? 'the session refuses' : 'the session permits' };
    }
    if (session !== null && session.criteria !== record.session_criteria) {
      return { verdict: 'different', now: session.criteria };
    }
    if (record.decision === null || record.facts === null) return { verdict: session === null ? 'session' : 'same' };
    const policies = await policiesOf(record);
    if (typeof policies === 'string') return { verdict: 'not_authentic', what: policies };
    const stored = decisionSchema.parse(JSON.parse(record.decision));
    const { chain, asset, amount, to, agentId } = authentic.intent;
    const compiled = await compiledAgain(stored, policies, agentId);
    if (typeof compiled === 'string') return { verdict: 'not_authentic', what: compiled };
    if (compiled === null) return { verdict: 'different', now: 'nothing that blocks' };
    const now = evaluate(compiled, { chain, asset, amount, to }, decodeFacts(record.facts));
    return canonicalJson(now) === record.decision ? { verdict: 'same' } : { verdict: 'different', now };
  }

  /** What the session decides by what it was, or what is wrong with that; null where an earlier version had not kept it. */
  async function sessionAgain(
    { standing: encoded, decided_at: at }: DecisionRow,
    intent: Intent,
  ): Promise<{ readonly refused: boolean; readonly criteria: string } | string | null> {
    if (encoded === null) return null;
    const standing = decodeSessionStanding(encoded);
    const { constraints: hash } = standing;
    const text = hash === null ? null : await findConstraints(read, hash);
    if (text === undefined || (text !== null && constraintsHash(text) !== hash)) return 'limits of the session';
    const constraints = text === null ? null : readConstraints(text);
    const { refusal, criteria } = judgeSession(standing, constraints, intent, at);
    return { refused: refusal !== null, criteria: encodeCriteria(criteria) };
  }

  /**
   * The policies of a decision. Where they could not be applied then, what was in their way: of a policy whose rules could
   * not be read, it is read again; null when it can be, and a text when that version is not what the daemon wrote.
   */
  async function compiledAgain(
    { reason, policyId, policyVersion }: z.infer<typeof decisionSchema>,
    policies: readonly PolicyRow[],
    agentId: AgentId,
  ): Promise<CompiledPolicies | string | null> {
    const blocking = blockerSchema.safeParse(reason);
    if (!blocking.success) return compilePolicies(policies, agentId);
    const blocker = {
      reason: blocking.data,
      policyId: policyId === null || policyId === undefined ? null : brandPolicyId(policyId),
      policyVersion: policyVersion ?? null,
    };
    if (reason === 'POLICY_MALFORMED' || reason === 'POLICY_TYPE_UNKNOWN') {
      const { policyId: id, policyVersion: version } = blocker;
      const row = id === null || version === null ? undefined : await findPolicyVersion(read, id, version);
      if (row === undefined || !isPolicyVersionAuthentic(sealer, row)) return `policy ${id} version ${version}`;
      const found = compilePolicies([toPolicyRow(row)], agentId).blocker;
      if (found?.reason !== reason) return null;
    }
    return blockedPolicies(agentId, blocker);
  }

  /**
   * What is wrong with a transaction that has no record; null where it is of a time in which none was kept: of decisions that
   * is told by the sealed intent, of claims by the record of the decision, which knows the standing since later than they.
   */
  function unrecorded(row: Awaited<ReturnType<typeof listUnrecorded>>[number]): ReplayVerdict | MissingRecord | null {
    if (row.decided !== null) {
      return row.standing === null ? null : { verdict: 'missing', what: 'record of the claim' };
    }
    if (!isIntentAuthentic(sealer, row)) return { verdict: 'not_authentic', what: 'intent' };
    if (isRecall(row.intent)) return null;
    return decodeIntent(row.intent).version < RECORDED_SINCE ? null : { verdict: 'missing', what: 'record' };
  }

  /** What was decided when a payment left the queue, again. */
  async function claimAgain(record: ClaimDecisionRow, row: TransactionRow | undefined): Promise<ReplayVerdict> {
    if (!isClaimDecisionAuthentic(sealer, record)) return { verdict: 'not_authentic', what: 'record of the claim' };
    const authentic = row === undefined ? null : readIntent(sealer, row);
    if (authentic === null) return { verdict: 'not_authentic', what: 'intent' };
    const refusal = record.standing === null ? null : objectionOf(decodeClaimStanding(record.standing));
    if (record.facts === null) {
      if (record.standing === null) return { verdict: 'session' };
      const same = refusal !== null && refusal.token === record.refusal;
      return same ? { verdict: 'same' } : { verdict: 'different', now: refusal?.token ?? 'nothing in its way' };
    }
    if (refusal !== null) return { verdict: 'different', now: refusal.token };
    const policies = await policiesOf(record);
    if (typeof policies === 'string') return { verdict: 'not_authentic', what: policies };
    const { chain, asset, amount, to, agentId } = authentic.intent;
    const stored = record.decision === null ? null : decisionSchema.parse(JSON.parse(record.decision));
    const compiled =
      stored === null ? compilePolicies(policies, agentId) : await compiledAgain(stored, policies, agentId);
    if (typeof compiled === 'string') return { verdict: 'not_authentic', what: compiled };
    if (compiled === null) return { verdict: 'different', now: 'nothing that blocks' };
    const now = evaluateClaim(compiled, { chain, asset, amount, to }, decodeFacts(record.facts));
    const same =
      (now === null ? null : canonicalJson(now)) === record.decision && (now?.reason ?? null) === record.refusal;
    return same ? { verdict: 'same' } : { verdict: 'different', now };
  }

  /** What is told of the claim; nothing while there was none. */
  async function claimOf(row: TransactionRow): Promise<Pick<DecisionRecordResponse, 'claim'>> {
    const record = await findClaimDecision(read, row.id);
    if (record === undefined) return {};
    const replay = await claimAgain(record, row);
    const denial = record.decision === null ? null : decisionSchema.parse(JSON.parse(record.decision));
    return {
      claim: {
        decidedAt: isoFromSeconds(record.decided_at),
        refusal: record.refusal,
        criteria: criteriaSchema.parse(denial?.criteria ?? []),
        facts: record.facts === null ? null : z.record(z.string(), z.unknown()).parse(JSON.parse(record.facts)),
        policies: namedPolicies(record),
        replay: replay.verdict,
        ...(replay.verdict === 'not_authentic' ? { replayProblem: replay.what } : {}),
      },
    };
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
        policies: namedPolicies(record),
        replay: replay.verdict,
        ...(replay.verdict === 'not_authentic' ? { replayProblem: replay.what } : {}),
        ...(await claimOf(row)),
      };
    },

    async replay() {
      const faults: { transactionId: string; verdict: string; what: string }[] = [];
      let [total, same, refusedBySession, faultCount] = [0, 0, 0, 0];
      const note = (transactionId: string, found: ReplayVerdict | MissingRecord): void => {
        total += 1;
        if (found.verdict === 'same') same += 1;
        else if (found.verdict === 'session') refusedBySession += 1;
        else {
          faultCount += 1;
          const what = found.verdict === 'different' ? canonicalText(found.now) : found.what;
          if (faults.length < 100) faults.push({ transactionId, verdict: found.verdict, what });
        }
      };
      for (let cursor: string | undefined; ; ) {
        const batch = await listDecisions(read, { cursor, limit: BATCH });
        for (const record of batch) {
          const row = await findTransaction(read, record.tx_id);
          const claim = await findClaimDecision(read, record.tx_id);
          note(record.tx_id, await again(record, row));
          if (claim !== undefined) note(record.tx_id, await claimAgain(claim, row));
        }
        cursor = batch.at(-1)?.tx_id;
        // Payments are not to wait for the whole history.
        await yieldToOthers();
        if (batch.length < BATCH) break;
      }
      for (let after = ''; ; ) {
        const batch = await listUnrecorded(read, { cursor: after, limit: BATCH });
        for (const row of batch) {
          const found = unrecorded(row);
          if (found !== null) note(row.id, found);
        }
        after = batch.at(-1)?.id ?? after;
        await yieldToOthers();
        if (batch.length < BATCH) break;
      }
      for (let after = 0; ; ) {
        const batch = await listWitnesses(read, after, AUDIT_BATCH);
        for (const witness of batch) {
          const found = missingBeside(witness);
          if (found !== null) note(witness.transactionId ?? '', found);
        }
        after = batch.at(-1)?.auditId ?? after;
        await yieldToOthers();
        if (batch.length < AUDIT_BATCH) return { total, same, refusedBySession, faultCount, faults };
      }
    },
  };
}

const canonicalText = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
