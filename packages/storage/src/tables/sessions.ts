import {
  type AgentId,
  type AgentStatus,
  canonicalJson,
  isAgentId,
  NO_USAGE,
  type RowSealer,
  type SessionConstraints,
  type SessionId,
  type SessionUsage,
  sessionConstraintsSchema,
  sessionUsageSchema,
} from '@waiaas/core';
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import type { AgentsTable, SessionsTable } from '../schema.ts';
import { sessionContent } from '../seals.ts';
import { changeRows, firstOf, settingsOf } from '../statement.ts';
import { areSessionsAuthentic, changeSessions, sealNoSessions } from './session-sets.ts';

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

/** Inserts a session with its seal and no usage. The caller has checked that those of the agent are authentic. */
export async function insertSession(db: Db, sealer: RowSealer, session: NewSession): Promise<void> {
  const row = {
    id: session.id,
    agent_id: session.agentId,
    token_hash: session.tokenHash,
    expires_at: session.expiresAt,
    constraints: session.constraints,
    usage_stats: canonicalJson(NO_USAGE),
    revoked_at: null,
    created_at: session.createdAt,
    version: 1,
    renewal_count: 0,
    last_renewed_at: null,
    absolute_expires_at: session.absoluteExpiresAt,
  };
  const seal = sealer.seal(sessionContent(row));
  await changeSessions(db, sealer, session.agentId, async () => {
    await db
      .insertInto('sessions')
      .values({ ...row, seal })
      .execute();
    return { stored: [{ ...row, seal }] };
  });
}

export const findSession = (db: Db, id: string): Promise<SessionRow | undefined> =>
  firstOf<SessionRow>(db, 'SELECT * FROM sessions WHERE id = ?', [id]);

/** A session with the state of its agent. */
export type SessionWithAgent = SessionRow & { readonly agent_status: AgentStatus };

/**
 * The session a token belongs to, by the hash of the token, with the state of its agent. Asked at every request; two plain
 * look-ups, which take half the time of a join.
 */
export async function findSessionByTokenHash(db: Db, tokenHash: string): Promise<SessionWithAgent | undefined> {
  const session = await firstOf<SessionRow>(db, 'SELECT * FROM sessions WHERE token_hash = ?', [tokenHash]);
  if (session === undefined) return undefined;
  const ofAgent = [session.agent_id];
  const agent = await firstOf<Pick<AgentsTable, 'status'>>(db, 'SELECT status FROM agents WHERE id = ?', ofAgent);
  return agent === undefined ? undefined : { ...session, agent_status: agent.status };
}

const isSealed = (sealer: RowSealer, row: SessionRow): boolean => sealer.verify(sessionContent(row), row.seal);

/**
 * Whether what a session may still do is what was granted, less what it has used: its own seal holds, and no session of its
 * agent was brought back or rolled back to what it once was.
 */
export const isSessionAuthentic = async (db: Db, sealer: RowSealer, row: SessionRow): Promise<boolean> =>
  isSealed(sealer, row) && (await areSessionsAuthentic(db, sealer, row.agent_id));

/** `isActive` of core in the words of the database; the two are held against each other by a test. */
export const isActiveRow = (now: number): RawBuilder<SqlBool> =>
  sql<SqlBool>`(sessions.revoked_at IS NULL AND sessions.expires_at > ${now})`;

/** What a text says; undefined when it is no JSON. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What a session has used; null when that cannot be read, which no daemon has written. */
export function readUsage({ usage_stats: text }: Pick<SessionRow, 'usage_stats'>): SessionUsage | null {
  const usage = sessionUsageSchema.safeParse(parsed(text));
  return usage.success ? usage.data : null;
}

/** What a session may do at most; null when that cannot be read, which no daemon has written. */
export function readConstraints({ constraints: text }: Pick<SessionRow, 'constraints'>): SessionConstraints | null {
  const constraints = sessionConstraintsSchema.safeParse(parsed(text));
  return constraints.success ? constraints.data : null;
}

/** Live sessions of an agent. */
export async function countLiveSessions(db: Db, agentId: AgentId, now: number): Promise<number> {
  const { n } = await db
    .selectFrom('sessions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where(isActiveRow(now))
    .executeTakeFirstOrThrow();
  return n;
}

/** Live sessions of all agents. */
export async function countAllLiveSessions(db: Db, now: number): Promise<number> {
  const { n } = await db
    .selectFrom('sessions')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(isActiveRow(now))
    .executeTakeFirstOrThrow();
  return n;
}

/** Sessions that end within a time and can still be used. */
export const listEndingSessions = (db: Db, { after, until }: { readonly after: number; readonly until: number }) =>
  db
    .selectFrom('sessions')
    .select(['id', 'agent_id', 'created_at', 'last_renewed_at', 'expires_at'])
    .where('expires_at', '>', after)
    .where('expires_at', '<=', until)
    .where('revoked_at', 'is', null)
    .execute();

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
  if (query.liveAt !== undefined) select = select.where(isActiveRow(query.liveAt));
  if (query.cursor !== undefined)
    select = select.where('sessions.id', query.order === 'desc' ? '<' : '>', query.cursor);
  return select.orderBy('sessions.id', query.order).limit(query.limit).execute();
};

/** Revokes a session. False when it was revoked before: the caller lost a race. */
export async function revokeSession(db: Db, sealer: RowSealer, before: SessionRow, now: number): Promise<boolean> {
  if (before.revoked_at !== null) return false;
  return changeRow(db, sealer, before, { revoked_at: now });
}

/**
 * Changes a session as it was read to its next version, and seals it and the set it is in. False when it is not as it was
 * read. A row that was not sealed rightly is changed all the same, and stays so.
 */
async function changeRow(
  db: Db,
  sealer: RowSealer,
  before: SessionRow,
  change: Partial<Omit<SessionRow, 'id' | 'agent_id' | 'version' | 'seal'>>,
): Promise<boolean> {
  const fields = { ...change, version: before.version + 1 };
  const seal = isSealed(sealer, before) ? sealer.seal(sessionContent({ ...before, ...fields })) : before.seal;
  return changeSessions(db, sealer, before.agent_id, async () => {
    const set = { ...fields, seal };
    const changed = await changeRows(
      db,
      `UPDATE sessions SET ${settingsOf(set)} WHERE id = ? AND version = ? AND revoked_at IS ?`,
      [...Object.values(set), before.id, before.version, before.revoked_at],
    );
    if (changed !== 1n) return null;
    const row = { ...before, ...fields, seal };
    return row.revoked_at === null ? { stored: [row] } : { left: [row.id] };
  });
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
  if (before.revoked_at !== null) return false;
  return changeRow(db, sealer, before, {
    token_hash: renewal.tokenHash,
    expires_at: renewal.expiresAt,
    last_renewed_at: renewal.now,
    renewal_count: before.renewal_count + 1,
  });
}

/**
 * Revokes every session that is not revoked yet, of all agents or of one, and seals each set once. Answers which they were.
 * A row that was not sealed rightly is revoked all the same, and stays so; one that somebody has hidden meanwhile counts no more
 * either, when it is put back.
 */
export async function revokeLiveSessions(
  db: Db,
  sealer: RowSealer,
  now: number,
  agentId?: AgentId,
): Promise<readonly SessionRow[]> {
  let select = db.selectFrom('sessions').selectAll().where('revoked_at', 'is', null);
  if (agentId !== undefined) select = select.where('agent_id', '=', agentId);
  const live = await select.orderBy('id').execute();
  for (const owner of new Set(live.map(({ agent_id }) => agent_id))) {
    await changeSessions(db, sealer, owner, async () => {
      for (const row of live.filter(({ agent_id }) => agent_id === owner)) {
        const fields = { revoked_at: now, version: row.version + 1 };
        const seal = isSealed(sealer, row) ? sealer.seal(sessionContent({ ...row, ...fields })) : row.seal;
        await db
          .updateTable('sessions')
          .set({ ...fields, seal })
          .where('id', '=', row.id)
          .execute();
      }
      return { left: live.filter(({ agent_id }) => agent_id === owner).map(({ id }) => id) };
    });
  }
  const agents = agentId === undefined ? headsOf(db).scopes().filter(isAgentId) : [agentId];
  for (const id of agents) await sealNoSessions(db, sealer, id);
  return live;
}

/**
 * Adds a settled payment to a session's usage, whatever its limits say: the money has moved (04 §13). Does nothing when
 * the session has been cleaned up meanwhile. False for one whose usage cannot be read: it was changed by somebody else, is
 * not authentic any more and pays nothing; the payment that has landed is counted by the caps all the same.
 */
export async function addSessionUsage(
  db: Db,
  sealer: RowSealer,
  id: string | null,
  amount: bigint,
  at: string,
): Promise<boolean> {
  const row = id === null ? undefined : await findSession(db, id);
  if (row === undefined) return true;
  const usage = readUsage(row);
  if (usage === null) return false;
  const next = {
    totalTx: usage.totalTx + 1,
    totalAmount: (BigInt(usage.totalAmount) + amount).toString(),
    lastTxAt: at,
  };
  await changeRow(db, sealer, row, { usage_stats: canonicalJson(next) });
  return true;
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
export async function removeOverSessions(
  db: Db,
  sealer: RowSealer,
  now: number,
  limit: number,
): Promise<readonly RemovedSession[]> {
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
  for (const agentId of new Set(over.map(({ agent_id }) => agent_id))) {
    const ids = over.filter(({ agent_id }) => agent_id === agentId).map(({ id }) => id);
    await changeSessions(db, sealer, agentId, async () => {
      await db.deleteFrom('sessions').where('id', 'in', ids).execute();
      return { left: ids };
    });
  }
  return over;
}
