import {
  agentId as brandAgentId,
  transactionId as brandTransactionId,
  isoFromSeconds,
  isTerminal,
  type OwnerReject,
  type TransactionId,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { actorName, auditOrigin, confirmOrigin, type RequestOrigin } from '@waiaas/management';
import {
  appendAudit,
  type Db,
  decideApproval,
  findAgent,
  findSession,
  findTransaction,
  isSessionAuthentic,
  liveReservations,
  type OwnerEvidence,
  postponeDelay,
  readState,
  type Storage,
  type TransactionRow,
  transition,
} from '@waiaas/storage';
import { readIntent } from './admission.ts';
import type { Claim } from './claimed-payment.ts';
import { type Decider, denialOf } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { errorColumn, mergeMetadata, type Refusal } from './refusal.ts';

/** What became of a delayed payment whose time has come. */
export type DelayClaim =
  /** It is EXECUTING now, and whoever asked carries it out. */
  | { readonly kind: 'claimed'; readonly claim: Claim }
  /** It is cancelled: today's rules forbid it. */
  | { readonly kind: 'cancelled'; readonly row: TransactionRow }
  /** Nothing was done: not its time, not its state, or the kill switch is engaged. */
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
   *   last five stays queued.
   */
  approve(id: TransactionId, origin: RequestOrigin): Promise<Claim>;
  /**
   * T8: ends a payment that waits.
   * @throws WaiaasError TX_NOT_FOUND, TX_ALREADY_PROCESSED, OWNER_MISMATCH, OWNER_NOT_CONNECTED
   */
  reject(id: TransactionId, input: OwnerReject, origin: RequestOrigin): Promise<TransactionRow>;
  /** Gives a delayed payment whose time passed while nobody could stop it another while (04 §20). */
  postpone(row: TransactionRow, until: number): Promise<void>;
  /** Ends a delayed payment that is too old to be what anybody still wants (04 §20). */
  timeOut(row: TransactionRow): Promise<TransactionRow | null>;
}

const SUSPENDED: Refusal = { code: 'AGENT_SUSPENDED', token: 'AGENT_SUSPENDED' };
const REVOKED: Refusal = { code: 'SESSION_REVOKED', token: 'SESSION_REVOKED' };
const NOT_AUTHENTIC: Refusal = {
  code: 'POLICY_DENIED',
  token: 'SESSION_NOT_AUTHENTIC',
  message: 'The session that asked for the payment is not as this daemon has stored it.',
};
const FORGED: Refusal = {
  code: 'POLICY_DENIED',
  token: 'INTENT_NOT_AUTHENTIC',
  message: 'The stored payment is not the one that was admitted; it is never carried out.',
};
const EXPIRED: Refusal = { code: 'APPROVAL_TIMEOUT', token: 'APPROVAL_TIMEOUT' };
const TIMED_OUT: Refusal = {
  code: 'TX_EXPIRED',
  token: 'QUEUE_TIMEOUT',
  message: 'The daemon was down when the payment was due, for too long to carry it out afterwards.',
};

const evidenceOf = ({ actor }: RequestOrigin): OwnerEvidence | null =>
  actor.kind === 'owner' ? { message: actor.message, signature: actor.signature } : null;

const toError = (refusal: Refusal, id: TransactionId): WaiaasError =>
  new WaiaasError(refusal.code, {
    ...(refusal.message === undefined ? {} : { message: refusal.message }),
    details: { ...refusal.details, transactionId: id },
  });

/** Makes the steps out of the queue. */
export function createClaims(
  dependencies: Pick<PipelineDependencies, 'clock' | 'watch' | 'sealer' | 'gate'> & {
    readonly storage: Pick<Storage, 'write'>;
    readonly decider: Decider;
  },
): Claims {
  const { storage, clock, watch, sealer, gate, decider } = dependencies;
  const subject = (row: TransactionRow) => ({
    agentId: row.agent_id,
    txId: row.id,
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  });
  const after = async (db: Db, row: TransactionRow): Promise<TransactionRow> =>
    (await findTransaction(db, row.id)) ?? row;
  const released = { reserved_amount: null, signed_tx: null } as const;

  /** What forbids a queued payment to be carried out now; null when nothing does. */
  async function objection(db: Db, row: TransactionRow, now: number): Promise<Refusal | null> {
    const authentic = readIntent(sealer, row);
    if (authentic === null) {
      await appendAudit(db, now, {
        event: 'SEAL_BROKEN',
        actor: 'system',
        ...subject(row),
        details: { what: 'intent' },
      });
      return FORGED;
    }
    const { intent } = authentic;
    const agent = await findAgent(db, row.agent_id);
    if (agent?.status !== 'ACTIVE') return SUSPENDED;
    // A session that was cleaned up had expired by itself, which does not end what it asked for (04 §14).
    const session = await findSession(db, intent.sessionId);
    if (session !== undefined && session.revoked_at !== null) return REVOKED;
    if (session !== undefined && !(await isSessionAuthentic(db, sealer, session))) {
      await appendAudit(db, now, {
        event: 'SEAL_BROKEN',
        actor: 'system',
        ...subject(row),
        details: { what: 'session' },
      });
      return NOT_AUTHENTIC;
    }
    const others = (await liveReservations(db, brandAgentId(row.agent_id))).filter(({ id }) => id !== row.id);
    const denial = await decider.objection(db, intent, { live: others, now });
    return denial === null ? null : denialOf(denial, intent.asset);
  }

  async function cancel(
    db: Db,
    row: TransactionRow,
    refusal: Refusal,
    by: Pick<Parameters<typeof appendAudit>[2], 'actor' | 'ip' | 'evidence'>,
    now: number,
  ): Promise<TransactionRow> {
    const fields = { ...released, error: errorColumn(refusal), metadata: mergeMetadata(row, { refusal }) };
    await transition(db, brandTransactionId(row.id), row.status, 'CANCELLED', fields);
    const details = { reason: refusal.token, ...(refusal.reason === undefined ? {} : { text: refusal.reason }) };
    await appendAudit(db, now, { event: 'TX_CANCELLED', ...by, ...subject(row), details });
    return after(db, row);
  }

  async function expire(db: Db, row: TransactionRow, refusal: Refusal, now: number): Promise<TransactionRow> {
    const fields = { ...released, error: errorColumn(refusal), metadata: mergeMetadata(row, { refusal }) };
    await transition(db, brandTransactionId(row.id), 'QUEUED', 'EXPIRED', fields);
    const details = { error: refusal.token };
    await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
    return after(db, row);
  }

  const isNormal = async (db: Db): Promise<boolean> =>
    gate.isOpen && (await readState(db, 'kill_switch_status')) === 'NORMAL';

  return {
    claimDelayed: (id) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const { epoch } = gate;
        const row = await findTransaction(db, id);
        const due = row?.execute_after ?? Number.POSITIVE_INFINITY;
        if (row === undefined || row.status !== 'QUEUED' || row.tier !== 'DELAY' || now < due) return { kind: 'left' };
        // It came due while nobody could have stopped it: it gets its time for a veto first.
        if (due * 1000 <= watch.awakeSince) return { kind: 'left' };
        if (!(await isNormal(db))) return { kind: 'left' };
        const refusal = await objection(db, row, now);
        if (refusal !== null) {
          return { kind: 'cancelled', row: await cancel(db, row, refusal, { actor: 'system' }, now) };
        }
        if (!(await transition(db, id, 'QUEUED', 'EXECUTING'))) return { kind: 'left' };
        const details = { tier: row.tier, intentHash: row.intent_hash };
        await appendAudit(db, now, { event: 'TX_CLAIMED', actor: 'system', ...subject(row), details });
        return { kind: 'claimed', claim: { row: await after(db, row), epoch } };
      }),

    async approve(id, origin) {
      const outcome = await storage.write(async ({ db }): Promise<Claim | Refusal> => {
        const now = unixSeconds(clock);
        const { epoch } = gate;
        if (origin.actor.kind !== 'owner') throw new WaiaasError('OWNER_AUTH_REQUIRED');
        await confirmOrigin(db, sealer, origin);
        const row = await findTransaction(db, id);
        if (row === undefined) throw new WaiaasError('TX_NOT_FOUND');
        if (row.status === 'EXPIRED') throw new WaiaasError('TX_EXPIRED', { details: { transactionId: id } });
        if (row.status !== 'QUEUED' || row.tier !== 'APPROVAL' || row.approval_expires_at === null) {
          throw new WaiaasError('TX_ALREADY_PROCESSED', { details: { status: row.status, tier: row.tier } });
        }
        // Returned, not thrown, so that the row's end is kept (04 §16, FIX C16).
        if (now >= row.approval_expires_at) {
          await expire(db, row, EXPIRED, now);
          return { code: 'TX_EXPIRED', token: 'APPROVAL_TIMEOUT' };
        }
        if (!(await isNormal(db))) throw new WaiaasError('SYSTEM_LOCKED');
        const refusal = await objection(db, row, now);
        if (refusal === REVOKED || refusal === FORGED) {
          await cancel(db, row, refusal, { actor: 'system' }, now);
          return refusal === REVOKED ? { code: 'TX_ALREADY_PROCESSED', token: 'SESSION_REVOKED' } : refusal;
        }
        // The owner may amend what is in the way, reject the payment, or let it expire.
        if (refusal !== null) throw toError(refusal, id);
        if (!(await transition(db, id, 'QUEUED', 'EXECUTING'))) throw new WaiaasError('TX_ALREADY_PROCESSED');
        await decideApproval(db, id, { approved: true, now, evidence: evidenceOf(origin) });
        await appendAudit(db, now, {
          event: 'TX_APPROVED',
          ...auditOrigin(origin),
          ...subject(row),
          details: { intentHash: row.intent_hash, amount: row.amount, asset: row.asset, to: row.to_address },
        });
        return { row: await after(db, row), epoch };
      });
      if ('token' in outcome) throw toError(outcome, id);
      return outcome;
    },

    reject: (id, { reason }, origin) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        const row = await findTransaction(db, id);
        if (row === undefined) throw new WaiaasError('TX_NOT_FOUND');
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
      }),

    postpone: (row, until) =>
      storage.write(async ({ db }) => {
        if (!(await postponeDelay(db, brandTransactionId(row.id), until))) return;
        const details = { executeAfter: isoFromSeconds(until) };
        await appendAudit(db, unixSeconds(clock), { event: 'TX_POSTPONED', actor: 'system', ...subject(row), details });
      }),

    timeOut: (row) =>
      storage.write(async ({ db }) => {
        const present = await findTransaction(db, row.id);
        if (present?.status !== 'QUEUED' || present.tier !== 'DELAY') return null;
        return expire(db, present, TIMED_OUT, unixSeconds(clock));
      }),
  };
}
