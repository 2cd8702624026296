import {
  agentId as brandAgentId,
  canonicalJson,
  type Intent,
  isoFromSeconds,
  isTerminal,
  type OwnerReject,
  secondsUp,
  type TransactionId,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { actorName, auditOrigin, confirmOrigin, paymentInMessage, type RequestOrigin } from '@waiaas/management';
import { encodeFacts } from '@waiaas/policy-engine';
import {
  type AuthenticTransaction,
  appendAudit,
  authenticate,
  type Db,
  decideApproval,
  findAgent,
  findClaimDecision,
  findLiveRecall,
  findSession,
  findTransaction,
  insertClaimDecision,
  isAgentAuthentic,
  isSessionAuthentic,
  liveReservations,
  mergeMetadata,
  notePreApproval,
  notifyBy,
  type OwnerEvidence,
  postponeDelay,
  preApprovedAt,
  REFUSED_AT_CLAIM,
  readState,
  reportBrokenAgent,
  reportPlantedClaim,
  type Storage,
  takeWaiting,
  timesReplaced,
  transition,
} from '@waiaas/storage';
import { readIntent } from './admission.ts';
import type { Claim } from './claimed-payment.ts';
import { type ClaimDecided, type Decider, denialOf } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { NOT_AUTHENTIC, notAuthentic } from './not-authentic.ts';
import { isStillAllowed } from './recall/destination.ts';
import { lacksVeto } from './recovery.ts';
import { errorColumn, type Refusal } from './refusal.ts';
import { type ClaimStanding, encodeStanding, FORGED_SESSION, objectionOf, REVOKED } from './standing.ts';

/** What became of a delayed payment whose time has come. */
export type DelayClaim =
  /** It is EXECUTING now, and whoever asked carries it out. */
  | { readonly kind: 'claimed'; readonly claim: Claim }
  /** It is cancelled: today's rules forbid it. */
  | { readonly kind: 'cancelled'; readonly row: AuthenticTransaction }
  /** Nothing was done: not its time, not its state, not what the daemon wrote, or the kill switch is engaged. */
  | { readonly kind: 'left' };

/**
 * The steps out of the queue: T3 and T8 of 04 §3. Each is one unit of work that asks everything again which may have
 * changed while the payment waited (04 §19): the kill switch, the agent, the session, the owner, the caps, and whether the
 * stored payment is still the one that was admitted.
 */
export interface Claims {
  /** T3 for a delayed payment. */
  claimDelayed(id: TransactionId): Promise<DelayClaim>;
  /**
   * T3 for a payment the owner has just approved with a signature over it.
   * @throws WaiaasError TX_NOT_FOUND, TX_EXPIRED, TX_ALREADY_PROCESSED, OWNER_MISMATCH, OWNER_NOT_CONNECTED,
   *   SYSTEM_LOCKED, AGENT_SUSPENDED, POLICY_DENIED, WHITELIST_DENIED, SPENDING_LIMIT_EXCEEDED. A payment refused for the
   *   last five stays queued. One that is not what the daemon wrote is left as it is, too: POLICY_DENIED. What the owner
   *   signed and why it did not happen is kept in the audit log.
   */
  approve(id: TransactionId, origin: RequestOrigin): Promise<Claim>;
  /**
   * T8: ends a payment that waits.
   * @throws WaiaasError TX_NOT_FOUND, TX_ALREADY_PROCESSED, OWNER_MISMATCH, OWNER_NOT_CONNECTED, POLICY_DENIED
   */
  reject(id: TransactionId, input: OwnerReject, origin: RequestOrigin): Promise<AuthenticTransaction>;
  /**
   * Notes that the owner, in a chat, means to approve a payment. It stays queued, and expires when it would have: nothing
   * but `approve` lets it happen (05 §5.7).
   * @throws WaiaasError TX_NOT_FOUND, TX_EXPIRED, TX_ALREADY_PROCESSED, SYSTEM_LOCKED, UNAUTHORIZED, POLICY_DENIED
   */
  preApprove(id: TransactionId, origin: RequestOrigin): Promise<{ readonly expiresAt: string }>;
  /**
   * Leave to sign a payment that was sent once more, for a higher fee. Everything is asked again that is asked of one which leaves
   * the queue; but while funds of the agent are taken back, whatever is in their way is helped through. A refusal, or null when
   * the row is no longer in the state that was handed in: then it stays as it is.
   * @param maxFee most that it may cost then, base units of the native asset
   */
  claimReplacement(row: AuthenticTransaction, maxFee: bigint): Promise<Claim | Refusal | null>;
  /** Gives a delayed payment whose time passed while nobody could stop it another while (04 §20). */
  postpone(row: AuthenticTransaction, until: number): Promise<AuthenticTransaction | null>;
  /** Ends a delayed payment that is too old to be what anybody still wants (04 §20). */
  timeOut(row: AuthenticTransaction): Promise<AuthenticTransaction | null>;
}

const EXPIRED: Refusal = { code: 'APPROVAL_TIMEOUT', token: 'APPROVAL_TIMEOUT' };
const TIMED_OUT: Refusal = {
  code: 'TX_EXPIRED',
  token: 'QUEUE_TIMEOUT',
  message: 'The daemon was down when the payment was due, for too long to carry it out afterwards.',
};

const NOT_FOUND: Refusal = { code: 'TX_NOT_FOUND', token: 'TX_NOT_FOUND' };
const DESTINATION_REFUSED: Refusal = { code: 'DESTINATION_REFUSED', token: 'DESTINATION_REFUSED' };

const evidenceOf = ({ actor }: RequestOrigin): OwnerEvidence | null =>
  actor.kind === 'owner' ? { message: actor.message, signature: actor.signature } : null;

const toError = (refusal: Refusal, id: TransactionId): WaiaasError =>
  refusal === NOT_AUTHENTIC
    ? notAuthentic(id)
    : new WaiaasError(refusal.code, {
        ...(refusal.message === undefined ? {} : { message: refusal.message }),
        details: { ...refusal.details, transactionId: id },
      });

/** What was found about a payment that is about to leave the queue. */
interface Judged {
  readonly standing: ClaimStanding;
  /** Null when it may be carried out. */
  readonly refusal: Refusal | null;
  /** What the policies said; null when something else had refused before. */
  readonly asked: ClaimDecided | null;
}

/** Makes the steps out of the queue. */
export function createClaims(
  dependencies: Pick<PipelineDependencies, 'clock' | 'watch' | 'sealer' | 'gate'> & {
    readonly storage: Pick<Storage, 'write'>;
    readonly decider: Decider;
  },
): Claims {
  const { storage, clock, watch, sealer, gate, decider } = dependencies;
  const subject = (row: AuthenticTransaction) => ({
    agentId: row.agent_id,
    txId: row.id,
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  });
  const released = { reserved_amount: null, signed_tx: null } as const;

  async function standingOf(db: Db, row: AuthenticTransaction, intent: Intent, now: number): Promise<ClaimStanding> {
    const agent = await findAgent(db, row.agent_id);
    const isSealed = agent !== undefined && isAgentAuthentic(db, agent);
    if (agent !== undefined && !isSealed) await reportBrokenAgent(db, agent.id, now);
    const session = await findSession(db, intent.sessionId);
    return {
      agent: isSealed ? agent.status : null,
      session:
        session === undefined
          ? null
          : { revokedAt: session.revoked_at, authentic: await isSessionAuthentic(db, sealer, session) },
    };
  }

  /** Whether a queued payment may be carried out now, and what the policies said, as far as they were asked. */
  async function judge(db: Db, row: AuthenticTransaction, intent: Intent, now: number): Promise<Judged> {
    const standing = await standingOf(db, row, intent, now);
    const refusal = objectionOf(standing);
    if (refusal === FORGED_SESSION) {
      await appendAudit(db, now, {
        event: 'SEAL_BROKEN',
        actor: 'system',
        ...subject(row),
        details: { what: 'session' },
      });
    }
    if (refusal !== null) return { standing, refusal, asked: null };
    const others = liveReservations(db, intent.agentId)?.filter(({ id }) => id !== row.id) ?? null;
    const asked = await decider.objection(db, intent, { live: others, now });
    return { standing, refusal: asked.denial === null ? null : denialOf(asked.denial, intent.asset), asked };
  }

  /** Keeps what was decided, so that it can be told and decided again at any time (09 no. 9). */
  const record = (
    db: Db,
    { id }: AuthenticTransaction,
    { standing, refusal, asked }: Judged,
    now: number,
  ): Promise<void> =>
    insertClaimDecision(db, sealer, {
      tx_id: id,
      decided_at: now,
      refusal: refusal === null ? null : refusal.token,
      decision: asked === null || asked.denial === null ? null : canonicalJson(asked.denial),
      facts: asked === null ? null : encodeFacts(asked.facts),
      policies: canonicalJson((asked?.policies ?? []).map(({ id: policy, version }) => [policy, version])),
      standing: encodeStanding(standing),
    });

  /**
   * Whether what was decided at the claim is stored before the claim, which is reported. A payment leaves the queue once and
   * for good, so that no such record is the daemon's; nor could its own be kept beside it, and without it nothing is claimed.
   */
  async function isClaimPlanted(db: Db, { id, agent_id }: AuthenticTransaction, now: number): Promise<boolean> {
    if ((await findClaimDecision(db, id)) === undefined) return false;
    await reportPlantedClaim(db, { id, agentId: agent_id }, now);
    return true;
  }

  /**
   * Keeps that the owner asked for a payment with a signature, and why it did not happen: the signature is used up by it.
   * @param row undefined where what is stored is not what the daemon wrote
   */
  const noteRefused = (
    db: Db,
    { id, row, origin }: { id: TransactionId; row?: AuthenticTransaction; origin: RequestOrigin },
    { code, token, details }: Refusal,
    now: number,
  ): Promise<void> =>
    appendAudit(db, now, {
      event: 'POLICY_VIOLATION',
      ...auditOrigin(origin),
      ...(row === undefined ? { txId: id } : subject(row)),
      details: { asked: 'approval', code, reason: token, ...details },
    });

  /** Ends a payment that may no longer be carried out, now that its time has come or the owner has approved it. */
  async function refuseClaim(
    db: Db,
    row: AuthenticTransaction,
    judged: Judged & { readonly refusal: Refusal },
    now: number,
  ): Promise<AuthenticTransaction> {
    const ended = await cancel(db, row, judged.refusal, { actor: 'system' }, now, REFUSED_AT_CLAIM);
    await record(db, row, judged, now);
    return ended;
  }

  async function cancel(
    db: Db,
    row: AuthenticTransaction,
    refusal: Refusal,
    by: Pick<Parameters<typeof appendAudit>[2], 'actor' | 'ip' | 'evidence'>,
    now: number,
    marks: Partial<typeof REFUSED_AT_CLAIM> = {},
  ): Promise<AuthenticTransaction> {
    const fields = { ...released, error: errorColumn(refusal), metadata: mergeMetadata(row, { refusal }) };
    const ended = await transition(db, sealer, row, 'CANCELLED', fields);
    if (ended === null) throw new WaiaasError('TX_ALREADY_PROCESSED');
    const text = refusal.reason === undefined ? {} : { text: refusal.reason };
    const details = { reason: refusal.token, ...text, ...marks };
    await appendAudit(db, now, { event: 'TX_CANCELLED', ...by, ...subject(row), details });
    const payment = paymentInMessage(row);
    if (payment !== null) {
      const { token: code, reason = null } = refusal;
      await notifyBy(db, { event: 'TX_CANCELLED', payment, by: by.actor, code, reason });
    }
    return ended;
  }

  async function expire(
    db: Db,
    row: AuthenticTransaction,
    refusal: Refusal,
    now: number,
  ): Promise<AuthenticTransaction> {
    const fields = { ...released, error: errorColumn(refusal), metadata: mergeMetadata(row, { refusal }) };
    const ended = await transition(db, sealer, row, 'EXPIRED', fields);
    if (ended === null) throw new WaiaasError('TX_ALREADY_PROCESSED');
    const details = { error: refusal.token };
    await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
    const payment = paymentInMessage(row);
    if (payment !== null) {
      if (refusal === EXPIRED) await notifyBy(db, { event: 'TX_APPROVAL_EXPIRED', payment, reason: 'timeout' });
      else await notifyBy(db, { event: 'TX_FAILED', payment, code: refusal.token, txHash: row.tx_hash });
    }
    return ended;
  }

  /** A payment that is what the daemon wrote, and what it pays. */
  async function load(
    db: Db,
    id: TransactionId,
    now: number,
  ): Promise<{ readonly row: AuthenticTransaction; readonly intent: Intent } | 'none' | 'not authentic'> {
    const found = await findTransaction(db, id);
    if (found === undefined) return 'none';
    const row = await authenticate(db, sealer, found, now);
    const authentic = row === null ? null : readIntent(sealer, row);
    return row === null || authentic === null ? 'not authentic' : { row, intent: authentic.intent };
  }

  /** Why a payment that was sent is not helped along; null when nothing is in the way. */
  async function objectionToReplacement(db: Db, row: AuthenticTransaction, now: number): Promise<Refusal | null> {
    if (row.recall_id !== null) return (await isStillAllowed(db, sealer, row, now)) ? null : DESTINATION_REFUSED;
    // What goes back to the owner waits behind it.
    if ((await findLiveRecall(db, brandAgentId(row.agent_id))) !== undefined) return null;
    const authentic = readIntent(sealer, row);
    return authentic === null ? NOT_AUTHENTIC : (await judge(db, row, authentic.intent, now)).refusal;
  }

  const isNormal = async (db: Db): Promise<boolean> =>
    gate.isOpen && (await readState(db, 'kill_switch_status')) === 'NORMAL';

  return {
    claimDelayed: (id) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const { epoch } = gate;
        const loaded = await load(db, id, now);
        if (typeof loaded === 'string') return { kind: 'left' };
        const { row, intent } = loaded;
        const due = row.execute_after ?? Number.POSITIVE_INFINITY;
        if (row.status !== 'QUEUED' || row.tier !== 'DELAY' || now < due) return { kind: 'left' };
        // Nobody could have stopped it: it gets its time for a veto first.
        if (lacksVeto(row, secondsUp(watch.awakeSince))) return { kind: 'left' };
        if (!(await isNormal(db))) return { kind: 'left' };
        if (await isClaimPlanted(db, row, now)) return { kind: 'left' };
        const judged = await judge(db, row, intent, now);
        const { refusal } = judged;
        if (refusal !== null)
          return { kind: 'cancelled', row: await refuseClaim(db, row, { ...judged, refusal }, now) };
        const claimed = await transition(db, sealer, row, 'EXECUTING', { claimed_at: now });
        if (claimed === null) return { kind: 'left' };
        await record(db, row, judged, now);
        const details = { tier: row.tier, intentHash: row.intent_hash };
        await appendAudit(db, now, { event: 'TX_CLAIMED', actor: 'system', ...subject(row), details });
        return { kind: 'claimed', claim: { row: claimed, epoch } };
      }),

    async approve(id, origin) {
      const outcome = await storage.write(async ({ db }): Promise<Claim | Refusal> => {
        const now = unixSeconds(clock);
        const { epoch } = gate;
        if (origin.actor.kind !== 'owner') throw new WaiaasError('OWNER_AUTH_REQUIRED');
        await confirmOrigin(db, sealer, origin);
        const loaded = await load(db, id, now);
        if (loaded === 'none') throw new WaiaasError('TX_NOT_FOUND');
        // Returned, not thrown, so that the report is kept.
        if (loaded === 'not authentic') {
          await noteRefused(db, { id, origin }, NOT_AUTHENTIC, now);
          return NOT_AUTHENTIC;
        }
        const { row, intent } = loaded;
        const about = { id, row, origin };
        if (row.status === 'EXPIRED') throw new WaiaasError('TX_EXPIRED', { details: { transactionId: id } });
        if (row.status !== 'QUEUED' || row.tier !== 'APPROVAL' || row.approval_expires_at === null) {
          throw new WaiaasError('TX_ALREADY_PROCESSED', { details: { status: row.status, tier: row.tier } });
        }
        // Returned, not thrown, so that the row's end is kept (04 §16, FIX C16).
        if (now >= row.approval_expires_at) {
          const late: Refusal = { code: 'TX_EXPIRED', token: 'APPROVAL_TIMEOUT' };
          await expire(db, row, EXPIRED, now);
          await noteRefused(db, about, late, now);
          return late;
        }
        if (!(await isNormal(db))) throw new WaiaasError('SYSTEM_LOCKED');
        if (await isClaimPlanted(db, row, now)) {
          await noteRefused(db, about, NOT_AUTHENTIC, now);
          return NOT_AUTHENTIC;
        }
        const judged = await judge(db, row, intent, now);
        const { refusal } = judged;
        if (refusal !== null) await noteRefused(db, about, refusal, now);
        if (refusal === REVOKED) {
          await refuseClaim(db, row, { ...judged, refusal }, now);
          return { code: 'TX_ALREADY_PROCESSED', token: 'SESSION_REVOKED' };
        }
        // The owner may amend what is in the way, reject the payment, or let it expire. Returned, so that a report of what
        // somebody has changed is kept.
        if (refusal !== null) return refusal;
        const claimed = await transition(db, sealer, row, 'EXECUTING', { claimed_at: now });
        if (claimed === null) throw new WaiaasError('TX_ALREADY_PROCESSED');
        await record(db, row, judged, now);
        await decideApproval(db, id, { approved: true, now, evidence: evidenceOf(origin) });
        await appendAudit(db, now, {
          event: 'TX_APPROVED',
          ...auditOrigin(origin),
          ...subject(row),
          details: { intentHash: row.intent_hash, amount: row.amount, asset: row.asset, to: row.to_address },
        });
        return { row: claimed, epoch };
      });
      if ('token' in outcome) throw toError(outcome, id);
      return outcome;
    },

    async reject(id, { reason }, origin) {
      const outcome = await storage.write(async ({ db }): Promise<AuthenticTransaction | Refusal> => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        const loaded = await load(db, id, now);
        if (typeof loaded === 'string') {
          // Nobody can read it now; nor shall anybody carry it out once it can be read again. Returned, so that this is kept.
          await takeWaiting(db, sealer, now, { id });
          return loaded === 'none' ? NOT_FOUND : NOT_AUTHENTIC;
        }
        const { row } = loaded;
        if (isTerminal(row.status) || row.status === 'EXECUTING' || row.status === 'SUBMITTED') {
          throw new WaiaasError('TX_ALREADY_PROCESSED', { details: { status: row.status } });
        }
        await decideApproval(db, id, { approved: false, now, evidence: evidenceOf(origin) });
        const refusal: Refusal = {
          code: 'POLICY_DENIED',
          token: 'OWNER_REJECTED',
          message: 'The payment was rejected.',
          ...(reason === undefined ? {} : { reason }),
          details: { reason: 'OWNER_REJECTED', rejectedBy: actorName(origin) },
        };
        return cancel(db, row, refusal, auditOrigin(origin), now);
      });
      if ('token' in outcome) throw toError(outcome, id);
      return outcome;
    },

    async preApprove(id, origin) {
      const outcome = await storage.write(async ({ db }): Promise<{ readonly expiresAt: string } | Refusal> => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        const loaded = await load(db, id, now);
        if (loaded === 'none') throw new WaiaasError('TX_NOT_FOUND');
        if (loaded === 'not authentic') return NOT_AUTHENTIC;
        const { row } = loaded;
        if (row.status !== 'QUEUED' || row.tier !== 'APPROVAL' || row.approval_expires_at === null) {
          throw new WaiaasError('TX_ALREADY_PROCESSED', { details: { status: row.status, tier: row.tier } });
        }
        if (now >= row.approval_expires_at) throw new WaiaasError('TX_EXPIRED', { details: { transactionId: id } });
        if (!(await isNormal(db))) throw new WaiaasError('SYSTEM_LOCKED');
        const answer = { expiresAt: isoFromSeconds(row.approval_expires_at) };
        if (preApprovedAt(row) !== null) return answer;
        const noted = await notePreApproval(db, sealer, row, { at: now, by: actorName(origin) });
        if (noted === null) throw new WaiaasError('TX_ALREADY_PROCESSED');
        const details = { intentHash: row.intent_hash, amount: row.amount, asset: row.asset, to: row.to_address };
        await appendAudit(db, now, { event: 'TX_PRE_APPROVED', ...auditOrigin(origin), ...subject(row), details });
        return answer;
      });
      if ('token' in outcome) throw toError(outcome, id);
      return outcome;
    },

    claimReplacement: (row, maxFee) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const { epoch } = gate;
        const found = await findTransaction(db, row.id);
        const present = found === undefined ? null : await authenticate(db, sealer, found, now);
        if (present?.status !== 'SUBMITTED' || present.state_seal !== row.state_seal) return null;
        if (!(await isNormal(db))) return { code: 'SYSTEM_LOCKED', token: 'KILL_SWITCH' };
        const refusal = await objectionToReplacement(db, present, now);
        if (refusal !== null) return refusal;
        const details = {
          replaces: present.tx_hash,
          intentHash: present.intent_hash,
          times: timesReplaced(present) + 1,
          maxFee: maxFee.toString(),
        };
        const event = 'TX_REPLACEMENT_DECIDED';
        await appendAudit(db, now, { event, actor: 'system', ...subject(present), details });
        return { row: present, epoch };
      }),

    postpone: (row, until) =>
      storage.write(async ({ db, notify }) => {
        const postponed = await postponeDelay(db, sealer, row, until);
        if (postponed === null) return null;
        const details = { executeAfter: isoFromSeconds(until) };
        await appendAudit(db, unixSeconds(clock), { event: 'TX_POSTPONED', actor: 'system', ...subject(row), details });
        // Its time for a veto is of use only to somebody who knows of it.
        const payment = paymentInMessage(row);
        if (payment !== null) await notify({ event: 'TX_DELAY_QUEUED', payment, executesAt: isoFromSeconds(until) });
        return postponed;
      }),

    timeOut: (row) =>
      storage.write(async ({ db }) => {
        if (row.status !== 'QUEUED' || row.tier !== 'DELAY') return null;
        return expire(db, row, TIMED_OUT, unixSeconds(clock));
      }),
  };
}
