import {
  type AgentId,
  type AgentStatus,
  canonicalJson,
  NO_USAGE,
  type RowSealer,
  type SessionId,
  sessionUsageSchema,
} from '@waiaas/core';
import type { Selectable } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { SessionsTable } from '../schema.ts';
import { sessionContent } from '../seals.ts';

/** A row of `sessions`. */
export type SessionRow = Selectable<SessionsTable>;

/** What is chosen about a new session. */
export interface NewSession {
  readonly id: SessionId;
  readonly agentId: AgentId;
  readonly tokenHash: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly createdAt: number;
  /** JSON text of the constraints. */
  readonly constraints: string;
  /** Unix seconds; no renewal leads beyond it. */
  readonly absoluteExpiresAt: number;
}

/** Inserts a session with its seal and no usage. */
export async function insertSession(db: Db, sealer: RowSealer, session: NewSession): Promise<void> {
  const row = {
    id: session.id,
    agent_id: session.agentId,
    token_hash: session.tokenHash,
    expires_at: session.expiresAt,
    constraints: session.constraints,
    created_at: session.createdAt,
    version: 1,
    renewal_count: 0,
    last_renewed_at: null,
    absolute_expires_at: session.absoluteExpiresAt,
  };
  await db
    .insertInto('sessions')
    .values({
      ...row,
      usage_stats: canonicalJson(NO_USAGE),
      revoked_at: null,
      seal: sealer.seal(sessionContent(row)),
    })
    .execute();
}

export const findSession = (db: Db, id: string): Promise<SessionRow | undefined> =>
  db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();

/** A session with the state of its agent. */
export type SessionWithAgent = SessionRow & { readonly agent_status: AgentStatus };

/**
 * The session a token belongs to, by the hash of the token, with the state of its agent. Asked at every request; two plain
 * look-ups, which take half the time of a join.
 */
export async function findSessionByTokenHash(db: Db, tokenHash: string): Promise<SessionWithAgent | undefined> {
  const session = await db.selectFrom('sessions').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
  if (session === undefined) return undefined;
  const agent = await db.selectFrom('agents').select('status').where('id', '=', session.agent_id).executeTakeFirst();
  return agent === undefined ? undefined : { ...session, agent_status: agent.status };
}

/** Whether what a session may do is what was granted. */
export const isSessionAuthentic = (sealer: RowSealer, row: SessionRow): boolean =>
  sealer.verify(sessionContent(row), row.seal);

/** Live sessions of an agent. */
export async function countLiveSessions(db: Db, agentId: AgentId, now: number): Promise<number> {
  const { n } = await db
    .selectFrom('sessions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return n;
}

/** Live sessions of all agents. */
export async function countAllLiveSessions(db: Db, now: number): Promise<number> {
  const { n } = await db
    .selectFrom('sessions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return n;
}

/** Which sessions to list, and where to start. */
export interface SessionQuery {
  readonly agentId?: string | undefined;
  readonly liveAt?: number | undefined;
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** A page of sessions with the names of their agents. */
export const listSessions = (db: Db, query: SessionQuery) => {
  let select = db
    .selectFrom('sessions')
    .innerJoin('agents', 'agents.id', 'sessions.agent_id')
    .selectAll('sessions')
    .select('agents.name as agent_name');
  if (query.agentId !== undefined) select = select.where('sessions.agent_id', '=', query.agentId);
  if (query.liveAt !== undefined) {
    select = select.where('sessions.revoked_at', 'is', null).where('sessions.expires_at', '>', query.liveAt);
  }
  if (query.cursor !== undefined)
    select = select.where('sessions.id', query.order === 'desc' ? '<' : '>', query.cursor);
  return select.orderBy('sessions.id', query.order).limit(query.limit).execute();
};

/** Revokes a session. False when it was revoked before: the caller lost a race. */
export async function revokeSession(db: Db, id: SessionId, now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** What a renewal changes. */
export interface SessionRenewal {
  readonly tokenHash: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly now: number;
}

/**
 * Puts a new token in the place of the old one, sealed anew (03 §13). False when the session is not as it was read, or is
 * revoked: of two renewals at once only one succeeds.
 */
export async function renewSession(
  db: Db,
  sealer: RowSealer,
  before: SessionRow,
  renewal: SessionRenewal,
): Promise<boolean> {
  const after = {
    ...before,
    token_hash: renewal.tokenHash,
    expires_at: renewal.expiresAt,
    last_renewed_at: renewal.now,
    renewal_count: before.renewal_count + 1,
    version: before.version + 1,
  };
  const { token_hash, expires_at, last_renewed_at, renewal_count, version } = after;
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ token_hash, expires_at, last_renewed_at, renewal_count, version, seal: sealer.seal(sessionContent(after)) })
    .where('id', '=', before.id)
    .where('token_hash', '=', before.token_hash)
    .where('version', '=', before.version)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Adds a settled payment to a session's usage, whatever its limits say: the money has moved (04 §13). Does nothing when
 * the session has been cleaned up meanwhile.
 */
export async function addSessionUsage(db: Db, id: string | null, amount: bigint, at: string): Promise<void> {
  if (id === null) return;
  const row = await db.selectFrom('sessions').select('usage_stats').where('id', '=', id).executeTakeFirst();
  if (row === undefined) return;
  const usage = sessionUsageSchema.parse(JSON.parse(row.usage_stats));
  const next = {
    totalTx: usage.totalTx + 1,
    totalAmount: (BigInt(usage.totalAmount) + amount).toString(),
    lastTxAt: at,
  };
  await db
    .updateTable('sessions')
    .set({ usage_stats: canonicalJson(next) })
    .where('id', '=', id)
    .execute();
}

/** A session removed by the cleanup. */
export interface RemovedSession {
  readonly id: string;
  readonly agent_id: string;
  readonly revoked_at: number | null;
}

/**
 * Removes sessions that are over: expired, or revoked more than a day ago (01 §2.8). Sessions with a payment under way
 * stay, so that it can settle. At most `limit` at a time.
 */
export async function removeOverSessions(db: Db, now: number, limit: number): Promise<readonly RemovedSession[]> {
  const over = await db
    .selectFrom('sessions')
    .select(['id', 'agent_id', 'revoked_at'])
    .where((eb) => eb.or([eb('expires_at', '<', now), eb('revoked_at', '<', now - 86_400)]))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('transactions')
            .select('transactions.id')
            .whereRef('transactions.session_id', '=', 'sessions.id')
            .where('transactions.status', 'in', ['PENDING', 'QUEUED', 'EXECUTING', 'SUBMITTED']),
        ),
      ),
    )
    .orderBy('id')
    .limit(limit)
    .execute();
  if (over.length > 0) {
    await db
      .deleteFrom('sessions')
      .where(
        'id',
        'in',
        over.map((row) => row.id),
      )
      .execute();
  }
  return over;
}
