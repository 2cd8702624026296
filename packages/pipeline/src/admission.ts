import {
  assetId,
  agentId as brandAgentId,
  transactionId as brandTransactionId,
  canonicalJson,
  decodeIntent,
  encodeIntent,
  type Intent,
  isActive,
  isoFromSeconds,
  nativeAssetId,
  type SessionConstraints,
  secondsUp,
  toJson,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { intentInMessage } from '@waiaas/management';
import { type AllowDecision, encodeFacts } from '@waiaas/policy-engine';
import {
  type AuthenticTransaction,
  appendAudit,
  type Db,
  findAgent,
  findByIdempotencyKey,
  findSession,
  insertDecision,
  insertPending,
  insertPendingApproval,
  intentContent,
  isAgentAuthentic,
  isSessionAuthentic,
  keepConstraints,
  type LiveReservation,
  liveReservations,
  notifyBy,
  readState,
  readUsage,
  reportBrokenAgent,
  reportBrokenHead,
  reportBrokenSession,
  type SessionRow,
  type TransactionRow,
  type TransitionFields,
  transition,
} from '@waiaas/storage';
import type { BalanceReading } from './balance.ts';
import { type Decided, type Decider, denialOf } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { requestHash, sha256 } from './intent-hash.ts';
import { readable } from './readable.ts';
import { errorColumn, type Refusal } from './refusal.ts';
import { encodeCriteria, type SessionVerdict, underWayOf } from './session-check.ts';
import { constraintsHash, encodeStanding, judgeSession, readConstraints, type SessionStanding } from './standing.ts';

/** A payment that has passed validation and asks to be admitted. */
export interface AdmissionRequest {
  readonly intent: Intent;
  readonly idempotencyKey: string | null;
  readonly ip: string | null;
  /** What the agent holds, where a first try has shown that a rule asks for it. */
  readonly balance?: BalanceReading | undefined;
}

/** What admission answers. Only `admitted` rows that are EXECUTING are carried out by the caller. */
export type Admission =
  | { readonly kind: 'admitted'; readonly row: AuthenticTransaction; readonly epoch: number }
  | { readonly kind: 'refused'; readonly row: AuthenticTransaction }
  /** The key was used before, for the same request: its transaction as it is now. */
  | { readonly kind: 'replayed'; readonly row: TransactionRow }
  /** What is stored of the agent is not what the daemon wrote: nothing can be decided, and nothing is kept of the request. */
  | { readonly kind: 'unbelievable' };

/** Admits a payment, or refuses it, in a unit of work of the caller's. @throws BalanceNeeded when a rule asks for it */
export type Admit = (db: Db, request: AdmissionRequest) => Promise<Admission>;

/** What a step of the admission has written; the row of a unit of work cannot be taken away under it. */
const written = (row: AuthenticTransaction | null): AuthenticTransaction => {
  if (row === null)
    throw new WaiaasError('INTERNAL_ERROR', { message: 'A transaction vanished while it was admitted' });
  return row;
};

/**
 * Checks that a repeated key asks for the same payment, by the sealed intent of the first one. Of a row that is not what the
 * daemon wrote nothing is said here: it is not answered for either.
 * @throws WaiaasError IDEMPOTENCY_CONFLICT when it does not.
 */
export function assertSameRequest(sealer: PipelineDependencies['sealer'], row: TransactionRow, hash: string): void {
  const authentic = readIntent(sealer, row);
  if (authentic !== null && requestHash(authentic.intent) !== hash)
    throw new WaiaasError('IDEMPOTENCY_CONFLICT', { details: { transactionId: row.id } });
}

/** What a session is, and the limits that its standing names. */
interface Standing {
  readonly standing: SessionStanding;
  readonly constraints: SessionConstraints | null;
}

/**
 * Stages 1 to 4 in one unit of work (04 §6.1–6.4): the row, the session's limits, the policy's verdict, the reservation,
 * the tier and the audit rows exist together or not at all. As units run one after another, two payments are never judged
 * by the same head-room.
 *
 * A refusal is stored and returned, not thrown, so that it is kept.
 */
export function createAdmission(
  dependencies: Pick<PipelineDependencies, 'clock' | 'ids' | 'sealer' | 'gate' | 'settings'>,
  decider: Decider,
): Admit {
  const { clock, ids, sealer, gate, settings } = dependencies;

  /** Keeps how a payment was decided, so that it can be told and decided again at any time (09 no. 9). */
  const record = (
    db: Db,
    intent: Intent,
    session: { readonly standing: SessionStanding; readonly criteria: SessionVerdict['criteria'] },
    decided: Decided | null,
    now: number,
  ): Promise<void> =>
    insertDecision(db, sealer, {
      tx_id: intent.transactionId,
      decided_at: now,
      session_criteria: encodeCriteria(session.criteria),
      decision: decided === null ? null : canonicalJson(decided.decision),
      facts: decided === null ? null : encodeFacts(decided.facts),
      policies: canonicalJson((decided?.policies ?? []).map(({ id, version }) => [id, version])),
      standing: encodeStanding(session.standing),
    });

  /** What the session is now, with its limits as far as they can be believed. Reports a session that cannot be. */
  async function standingOf(
    db: Db,
    intent: Intent,
    session: SessionRow,
    live: readonly LiveReservation[],
    now: number,
  ): Promise<Standing> {
    const { expires_at: expiresAt, revoked_at: revokedAt } = session;
    const underWay = underWayOf(live, session.id, nativeAssetId(intent.chain));
    const unread: Standing = {
      standing: { expiresAt, revokedAt, constraints: null, usage: null, ...underWay },
      constraints: null,
    };
    if (!isActive({ expiresAt, revokedAt }, now)) return unread;
    const authentic = await isSessionAuthentic(db, sealer, session);
    const constraints = authentic ? readConstraints(session.constraints) : null;
    if (constraints === null) {
      await reportBrokenSession(db, { id: session.id, agentId: intent.agentId, txId: intent.transactionId }, now);
      return unread;
    }
    const hash = constraintsHash(session.constraints);
    await keepConstraints(db, { hash, constraints: session.constraints });
    return {
      standing: { ...unread.standing, constraints: hash, usage: readUsage(session) },
      constraints,
    };
  }

  async function refuse(
    db: Db,
    pending: AuthenticTransaction,
    { agentId, sessionId, transactionId }: Intent,
    refusal: Refusal,
    event: 'TX_SESSION_CHECK' | 'POLICY_VIOLATION',
    now: number,
  ) {
    const subject = { agentId, sessionId, txId: transactionId };
    const fields = { error: errorColumn(refusal), metadata: toJson({ refusal }) };
    const row = written(await transition(db, sealer, pending, 'CANCELLED', fields));
    const details = { code: refusal.code, reason: refusal.token, ...refusal.details };
    await appendAudit(db, now, { event, actor: 'system', ...subject, severity: 'warning', details });
    await appendAudit(db, now, {
      event: 'TX_CANCELLED',
      actor: 'system',
      ...subject,
      details: { reason: refusal.token },
    });
    return { kind: 'refused', row } as const;
  }

  async function queue(
    db: Db,
    pending: AuthenticTransaction,
    intent: Intent,
    decision: AllowDecision,
    now: number,
  ): Promise<AuthenticTransaction> {
    const waits = decision.tier === 'DELAY' || decision.tier === 'APPROVAL';
    // Up to the second in which all of the delay has passed; a deadline is counted from the second that has begun.
    const delay = decision.delaySeconds ?? settings.delaySeconds;
    const fields: TransitionFields = {
      tier: decision.tier,
      reserved_amount: intent.amount.toString(),
      policy_id: decision.policyId,
      policy_version: decision.policyVersion,
      delay_seconds: decision.delaySeconds,
      approval_timeout_seconds: decision.approvalTimeoutSeconds,
      queued_at: now,
      execute_after: decision.tier === 'DELAY' ? secondsUp(clock.now()) + delay : null,
      approval_expires_at:
        decision.tier === 'APPROVAL'
          ? now + (decision.approvalTimeoutSeconds ?? settings.approvalTimeoutSeconds)
          : null,
    };
    const queued = written(await transition(db, sealer, pending, 'QUEUED', fields));
    if (fields.approval_expires_at !== null && fields.approval_expires_at !== undefined) {
      const expiresAt = fields.approval_expires_at;
      await insertPendingApproval(db, { id: ids.next(), txId: intent.transactionId, expiresAt, now });
    }
    await appendAudit(db, now, {
      event: 'TX_QUEUED',
      actor: 'system',
      agentId: intent.agentId,
      sessionId: intent.sessionId,
      txId: intent.transactionId,
      details: {
        tier: decision.tier,
        raisedBy: decision.raisedBy,
        policyId: decision.policyId,
        policyVersion: decision.policyVersion,
        intentHash: pending.intent_hash,
        ...(fields.execute_after == null ? {} : { executeAfter: isoFromSeconds(fields.execute_after) }),
        ...(fields.approval_expires_at == null
          ? {}
          : { approvalExpiresAt: isoFromSeconds(fields.approval_expires_at) }),
      },
    });
    if (fields.execute_after != null) {
      const executesAt = isoFromSeconds(fields.execute_after);
      await notifyBy(db, { event: 'TX_DELAY_QUEUED', payment: intentInMessage(intent), executesAt });
    }
    if (fields.approval_expires_at != null) {
      const expiresAt = isoFromSeconds(fields.approval_expires_at);
      await notifyBy(db, { event: 'TX_APPROVAL_REQUEST', payment: intentInMessage(intent), expiresAt });
    }
    // Only these two tiers may be carried out without anyone's further doing; the others wait for theirs.
    return waits ? queued : written(await transition(db, sealer, queued, 'EXECUTING', { claimed_at: now }));
  }

  return async (db, request) => {
    const { intent, idempotencyKey } = request;
    const now = unixSeconds(clock);
    const hash = requestHash(intent);
    if (idempotencyKey !== null) {
      const before = await findByIdempotencyKey(db, intent.agentId, idempotencyKey);
      if (before !== undefined) {
        assertSameRequest(sealer, before, hash);
        return { kind: 'replayed', row: before };
      }
    }
    const { epoch } = gate;
    if (!gate.isOpen || (await readState(db, 'kill_switch_status')) !== 'NORMAL')
      throw new WaiaasError('SYSTEM_LOCKED');
    const agent = await findAgent(db, intent.agentId);
    if (agent === undefined || agent.public_key !== intent.from) throw new WaiaasError('AGENT_NOT_FOUND');
    if (agent.status === 'TERMINATED' || agent.status === 'TERMINATING') throw new WaiaasError('AGENT_TERMINATED');
    if (agent.status !== 'ACTIVE') throw new WaiaasError('AGENT_SUSPENDED');

    const session = await findSession(db, intent.sessionId);
    if (session === undefined || session.agent_id !== agent.id) {
      throw new WaiaasError('INVALID_TOKEN', { details: { reason: 'unknown' } });
    }

    const live = liveReservations(db, intent.agentId);
    if (live === null) {
      await reportBrokenHead(db, intent.agentId, now);
      return { kind: 'unbelievable' };
    }
    if (!isAgentAuthentic(db, agent)) {
      await reportBrokenAgent(db, intent.agentId, now);
      return { kind: 'unbelievable' };
    }

    const encoded = encodeIntent(intent);
    const pending = await insertPending(db, sealer, {
      id: intent.transactionId,
      agent_id: intent.agentId,
      session_id: intent.sessionId,
      chain: intent.chain,
      type: intent.type,
      asset: intent.asset,
      amount: intent.amount.toString(),
      to_address: intent.to,
      memo: intent.memo,
      fee_priority: intent.priority,
      intent: encoded,
      intent_hash: sha256(encoded),
      intent_seal: sealer.seal(intentContent({ id: intent.transactionId, intent: encoded })),
      idempotency_key: idempotencyKey,
      request_hash: hash,
      created_at: now,
    });
    const actor = `agent:${intent.agentId}`;
    const subject = { agentId: intent.agentId, sessionId: intent.sessionId, txId: intent.transactionId };
    await appendAudit(db, now, {
      event: 'TX_REQUESTED',
      actor,
      ...subject,
      ...(request.ip === null ? {} : { ip: request.ip }),
      details: {
        type: intent.type,
        asset: intent.asset,
        ...(intent.token === null ? {} : { token: intent.token }),
        amount: intent.amount,
        to: intent.to,
      },
    });

    const { standing, constraints } = await standingOf(db, intent, session, live, now);
    const { refusal: violation, criteria } = judgeSession(standing, constraints, intent, now);
    if (violation !== null) {
      await record(db, intent, { standing, criteria }, null, now);
      return refuse(db, pending, intent, violation, 'TX_SESSION_CHECK', now);
    }
    await appendAudit(db, now, { event: 'TX_SESSION_CHECK', actor: 'system', ...subject, details: { passed: true } });

    const decided = await decider.decide(db, intent, { live, now, balance: request.balance });
    await record(db, intent, { standing, criteria }, decided, now);
    const { decision } = decided;
    if (decision.outcome === 'DENY')
      return refuse(db, pending, intent, denialOf(decision, intent.asset), 'POLICY_VIOLATION', now);
    if (decision.tier === 'DELAY' || decision.tier === 'APPROVAL') {
      const waiting = live.filter(
        (row) => row.status === 'QUEUED' && (row.tier === 'DELAY' || row.tier === 'APPROVAL'),
      ).length;
      if (waiting >= settings.maxPendingTransactions) {
        // Thrown, so that nothing is kept and the Idempotency-Key stays free for the next try.
        throw new WaiaasError('RATE_LIMIT_EXCEEDED', {
          message: 'Too many transactions of this agent are waiting already.',
          details: { limit: settings.maxPendingTransactions, window: 'queue', retryAfter: 60 },
        });
      }
    }
    return { kind: 'admitted', row: await queue(db, pending, intent, decision, now), epoch };
  };
}

/** What a stored intent says, once its seal, its hash and the columns beside it agree. */
export interface AuthenticIntent {
  readonly intent: Intent;
  readonly hash: string;
}

/**
 * Reads the intent of a row for execution. Null when it is not what was admitted: such a row must never be signed
 * (00 §3, 09 no. 8).
 */
export const readIntent = (sealer: PipelineDependencies['sealer'], row: TransactionRow): AuthenticIntent | null =>
  readable(() => intentOf(sealer, row));

function intentOf(sealer: PipelineDependencies['sealer'], row: TransactionRow): AuthenticIntent | null {
  // A transaction of a recall is none of an agent's payments.
  if (row.recall_id !== null) return null;
  if (!sealer.verify(intentContent(row), row.intent_seal)) return null;
  const intent = decodeIntent(row.intent);
  const agrees =
    intent.transactionId === brandTransactionId(row.id) &&
    intent.agentId === brandAgentId(row.agent_id) &&
    intent.type === row.type &&
    intent.asset === assetId(row.asset) &&
    intent.amount.toString() === row.amount &&
    intent.to === row.to_address &&
    intent.memo === row.memo &&
    // What was read is written in no other way than this.
    sha256(row.intent) === row.intent_hash;
  return agrees ? { intent, hash: row.intent_hash } : null;
}
