import {
  agentId as brandAgentId,
  type Clock,
  type IdGenerator,
  isActive,
  isoFromSeconds,
  NO_USAGE,
  type RowSealer,
  type SessionConstraints,
  type SessionCreate,
  type SessionCreateResponse,
  type SessionId,
  type SessionListResponse,
  type SessionRenewResponse,
  type SessionRevokeResponse,
  sessionId,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import {
  appendAudit,
  areSessionsAuthentic,
  countLiveSessions,
  findAgent,
  findSession,
  findSessionByTokenHash,
  insertSession,
  isHeadAuthentic,
  isSessionAuthentic,
  listEndingSessions,
  listSessions,
  mergeMetadata,
  readConstraints,
  readState,
  readUsage,
  rememberUntilWrite,
  removeOverSessions,
  renewSession,
  revokeSession,
  type Storage,
  takeWaiting,
  transition,
  writeState,
} from '@waiaas/storage';
import { agentNotAuthentic } from './agent-not-authentic.ts';
import { confirmOrigin, refuseWhileLocked } from './authority.ts';
import { canonicalText } from './canonical-text.ts';
import { checkRenewal, maxRenewals, renewalsLeft } from './renewal.ts';
import { actorName, auditOrigin, type RequestOrigin } from './request-origin.ts';

/** What session management works with. */
export interface SessionManagementDependencies {
  readonly storage: Storage;
  readonly tokens: {
    issue(claims: {
      sessionId: SessionId;
      agentId: ReturnType<typeof brandAgentId>;
      issuedAt: number;
      expiresAt: number;
    }): string;
    hash(token: string): string;
  };
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  /** Life of a session that does not choose one, seconds. */
  readonly defaultTtl: number;
  readonly maxSessionsPerAgent: number;
  /** Renewals of a session that does not choose a number. */
  readonly defaultMaxRenewals: number;
  /** Longest life of a session with all its renewals, seconds; fixed when the session is created. */
  readonly absoluteLifetime: number;
}

/** Which sessions to list, and where to start. */
export interface SessionListQuery {
  readonly agentId?: string | undefined;
  readonly status: 'active' | 'all';
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Issuing, listing, revoking and cleaning up sessions (03 §6, §12). */
export interface SessionManagement {
  /**
   * Issues a session. The token is in the answer and nowhere else.
   * @throws WaiaasError AGENT_NOT_FOUND, AGENT_SUSPENDED, AGENT_TERMINATED, SESSION_LIMIT_EXCEEDED, VALIDATION_ERROR
   */
  create(input: SessionCreate, origin: RequestOrigin): Promise<SessionCreateResponse>;
  list(query: SessionListQuery): Promise<SessionListResponse>;
  /** Everything a session asked for in this way may do, its life filled in: what an owner signs for it (03 §5.4). */
  grantOf(input: SessionCreate): SessionConstraints & { readonly expiresIn: number };
  /**
   * Gives a session a new token and a new life of its original length (03 §13). The old token ends with it.
   * @throws WaiaasError SESSION_RENEWAL_MISMATCH, SESSION_NOT_FOUND, RENEWAL_CONFLICT, RENEWAL_LIMIT_REACHED,
   *   SESSION_ABSOLUTE_LIFETIME_EXCEEDED, RENEWAL_TOO_EARLY, AGENT_SUSPENDED, SYSTEM_LOCKED
   */
  renew(session: RenewingSession, id: SessionId, origin: RequestOrigin): Promise<SessionRenewResponse>;
  /**
   * Revokes a session at once, and cancels what it had waiting: revocation says that it is not trusted (04 §14).
   * @throws WaiaasError SESSION_NOT_FOUND, SESSION_REVOKED (409) when it was revoked before
   */
  revoke(id: SessionId, origin: RequestOrigin): Promise<SessionRevokeResponse>;
  /** Tells the owner of sessions that end soon and were not renewed, each once. Run every 60 s. */
  warnOfEnds(): Promise<void>;
  /** Removes sessions that are over. Run every 60 s. */
  cleanUp(): Promise<number>;
  /**
   * The session a token belongs to, by the token's hash, for authentication.
   */
  findByTokenHash(hash: string): Promise<SessionLookup | null>;
}

/** What a session may do whose limits cannot be read. */
const NOTHING: SessionConstraints = { allowedOperations: [], allowedDestinations: [] };

/** The session that asks to be renewed, and the token it was authenticated with. */
export interface RenewingSession {
  readonly sessionId: SessionId;
  readonly tokenHash: string;
  /** Not null when the secret of that token was rotated; it is then renewed at any time. */
  readonly renewBy: number | null;
}

/** A session as authentication needs it. */
export interface SessionLookup {
  readonly id: SessionId;
  readonly agentId: ReturnType<typeof brandAgentId>;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly constraints: SessionConstraints;
  readonly constraintsAuthentic: boolean;
  readonly agentStatus: NonNullable<Awaited<ReturnType<typeof findAgent>>>['status'];
}

/** The stored sessions of an agent are not what a daemon with this vault has written. */
const sessionsNotAuthentic = (agentId: string): WaiaasError =>
  new WaiaasError('POLICY_DENIED', {
    message: 'The stored sessions of this agent were not written by this daemon; none of them counts.',
    details: { reason: 'SESSION_NOT_AUTHENTIC', agentId },
    hint: 'Revoke all sessions of the agent, then open new ones; see the audit log.',
  });

/** Rows of one cleanup round. */
const CLEANUP_BATCH = 500;

/** How long before its end the owner is told of a session at most, seconds. */
const LONGEST_NOTICE = 3600;
const SHORTEST_NOTICE = 60;

/** A tenth of the present life: a session that renews itself has done so long before. */
function noticeOf(row: { created_at: number; last_renewed_at: number | null; expires_at: number }): number {
  const tenth = Math.floor((row.expires_at - (row.last_renewed_at ?? row.created_at)) / 10);
  return Math.min(LONGEST_NOTICE, Math.max(SHORTEST_NOTICE, tenth));
}

/** One life is meant, wherever it is said; two different ones are a mistake (03 §6). */
function lifeOf(input: SessionCreate, defaultTtl: number): number {
  const inside = input.constraints?.expiresIn;
  if (input.expiresIn !== undefined && inside !== undefined && input.expiresIn !== inside) {
    throw validationError([
      { path: 'expiresIn', code: 'custom', message: 'must equal constraints.expiresIn when both are given' },
    ]);
  }
  return input.expiresIn ?? inside ?? defaultTtl;
}

/** Builds session management. */
export function createSessionManagement(dependencies: SessionManagementDependencies): SessionManagement {
  const { storage, tokens, sealer, clock, ids, defaultTtl, maxSessionsPerAgent } = dependencies;
  const grantOf = (input: SessionCreate) => ({ ...input.constraints, expiresIn: lifeOf(input, defaultTtl) });
  const findByTokenHash = rememberUntilWrite(storage, async (hash: string): Promise<SessionLookup | null> => {
    const row = await findSessionByTokenHash(storage.read, hash);
    if (row === undefined) return null;
    const { agent_status, ...session } = row;
    const constraints = readConstraints(row);
    return {
      id: sessionId(row.id),
      agentId: brandAgentId(row.agent_id),
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
      constraints: constraints ?? NOTHING,
      constraintsAuthentic: constraints !== null && (await isSessionAuthentic(storage.read, sealer, session)),
      agentStatus: agent_status,
    };
  });

  return {
    create: (input, origin) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        await refuseWhileLocked(db);
        const agent = await findAgent(db, input.agentId);
        if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId: input.agentId } });
        if (agent.status === 'TERMINATED' || agent.status === 'TERMINATING') throw new WaiaasError('AGENT_TERMINATED');
        if (agent.status !== 'ACTIVE') throw new WaiaasError('AGENT_SUSPENDED');
        const agentId = brandAgentId(agent.id);
        // A new session would be sealed together with what somebody has put there.
        if (!isHeadAuthentic(db, agentId)) throw agentNotAuthentic(agentId);
        if (!(await areSessionsAuthentic(db, sealer, agentId))) throw sessionsNotAuthentic(agentId);
        if ((await countLiveSessions(db, agentId, now)) >= maxSessionsPerAgent) {
          throw new WaiaasError('SESSION_LIMIT_EXCEEDED', {
            message: `The agent has ${maxSessionsPerAgent} live sessions, the most it may have.`,
            hint: 'Revoke a session that is no longer used.',
            details: { code: 'SESSION_COUNT', limit: maxSessionsPerAgent },
          });
        }
        const constraints = grantOf(input);
        const id = sessionId(ids.next());
        const expiresAt = now + constraints.expiresIn;
        const token = tokens.issue({ sessionId: id, agentId, issuedAt: now, expiresAt });
        await insertSession(db, sealer, {
          id,
          agentId,
          tokenHash: tokens.hash(token),
          expiresAt,
          createdAt: now,
          constraints: canonicalText(constraints),
          absoluteExpiresAt: now + Math.max(constraints.expiresIn, dependencies.absoluteLifetime),
        });
        await appendAudit(db, now, {
          event: 'SESSION_ISSUED',
          agentId,
          sessionId: id,
          ...auditOrigin(origin),
          details: { expiresAt: isoFromSeconds(expiresAt), constraints },
        });
        await notify({
          event: 'SESSION_CREATED',
          sessionId: id,
          agentId,
          expiresAt: isoFromSeconds(expiresAt),
          by: actorName(origin),
        });
        return { sessionId: id, token, expiresAt: isoFromSeconds(expiresAt), constraints };
      }),

    async list(query) {
      const rows = await listSessions(storage.read, {
        agentId: query.agentId,
        cursor: query.cursor,
        order: query.order,
        limit: query.limit + 1,
        liveAt: query.status === 'active' ? unixSeconds(clock) : undefined,
      });
      const page = rows.slice(0, query.limit);
      return {
        sessions: page.map((row) => ({
          id: row.id,
          agentId: row.agent_id,
          agentName: row.agent_name,
          // One that somebody has made unreadable may do nothing, and is shown as that.
          constraints: readUsage(row) === null ? NOTHING : (readConstraints(row) ?? NOTHING),
          usageStats: readUsage(row) ?? NO_USAGE,
          expiresAt: isoFromSeconds(row.expires_at),
          createdAt: isoFromSeconds(row.created_at),
          ...(row.revoked_at === null ? {} : { revokedAt: isoFromSeconds(row.revoked_at) }),
          renewalCount: row.renewal_count,
          absoluteExpiresAt: isoFromSeconds(Math.max(row.absolute_expires_at, row.expires_at)),
        })),
        nextCursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null,
      };
    },

    grantOf,

    renew: (session, id, origin) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        if (session.sessionId !== id) throw new WaiaasError('SESSION_RENEWAL_MISMATCH');
        await refuseWhileLocked(db);
        const row = await findSession(db, id);
        if (row === undefined || row.revoked_at !== null) throw new WaiaasError('SESSION_NOT_FOUND');
        // Somebody with the same token was faster: theirs is the token that counts now.
        if (row.token_hash !== session.tokenHash) throw new WaiaasError('RENEWAL_CONFLICT');
        if (!isActive({ expiresAt: row.expires_at, revokedAt: row.revoked_at }, now))
          throw new WaiaasError('SESSION_EXPIRED');
        if (!(await isSessionAuthentic(db, sealer, row)))
          throw new WaiaasError('INVALID_TOKEN', { details: { reason: 'unknown' } });
        const agent = await findAgent(db, row.agent_id);
        if (agent?.status !== 'ACTIVE') throw new WaiaasError('AGENT_SUSPENDED');
        const constraints = readConstraints(row);
        if (constraints === null) throw new WaiaasError('INVALID_TOKEN', { details: { reason: 'unknown' } });
        const limits = { constraints, defaultMaxRenewals: dependencies.defaultMaxRenewals };
        const expiresAt = checkRenewal(row, limits, now, session.renewBy !== null);
        const token = tokens.issue({
          sessionId: id,
          agentId: brandAgentId(row.agent_id),
          issuedAt: now,
          expiresAt,
        });
        const renewal = { tokenHash: tokens.hash(token), expiresAt, now };
        if (!(await renewSession(db, sealer, row, renewal))) throw new WaiaasError('RENEWAL_CONFLICT');
        const renewalCount = row.renewal_count + 1;
        await appendAudit(db, now, {
          event: 'SESSION_RENEWED',
          agentId: row.agent_id,
          sessionId: id,
          ...auditOrigin(origin),
          details: { expiresAt: isoFromSeconds(expiresAt), renewalCount },
        });
        const left = renewalsLeft({ ...row, renewal_count: renewalCount }, limits);
        await notify({
          event: 'SESSION_RENEWED',
          sessionId: id,
          agentId: row.agent_id,
          expiresAt: isoFromSeconds(expiresAt),
          renewalsLeft: left,
        });
        return {
          sessionId: id,
          token,
          expiresAt: isoFromSeconds(expiresAt),
          renewalCount,
          renewalsLeft: left,
          maxRenewals: maxRenewals(limits),
          absoluteExpiresAt: isoFromSeconds(row.absolute_expires_at),
        };
      }),

    revoke: (id, origin) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        const session = await findSession(db, id);
        if (session === undefined) throw new WaiaasError('SESSION_NOT_FOUND');
        if (!(await revokeSession(db, sealer, session, now))) {
          throw new WaiaasError('SESSION_REVOKED', { status: 409, message: 'The session was revoked before.' });
        }
        let transactionsCancelled = 0;
        for (const row of await takeWaiting(db, sealer, now, { sessionId: id })) {
          const refusal = { code: 'SESSION_REVOKED', token: 'SESSION_REVOKED' };
          const fields = { error: refusal.token, reserved_amount: null, metadata: mergeMetadata(row, { refusal }) };
          if ((await transition(db, sealer, row, 'CANCELLED', fields)) === null) continue;
          transactionsCancelled += 1;
          const subject = { agentId: row.agent_id, sessionId: id, txId: row.id };
          await appendAudit(db, now, {
            event: 'TX_CANCELLED',
            actor: 'system',
            ...subject,
            details: { reason: 'SESSION_REVOKED' },
          });
        }
        await appendAudit(db, now, {
          event: 'SESSION_REVOKED',
          agentId: session.agent_id,
          sessionId: id,
          ...auditOrigin(origin),
          details: { trigger: 'manual_revoke', transactionsCancelled },
        });
        await notify({
          event: 'SESSION_REVOKED',
          sessionId: id,
          agentId: session.agent_id,
          by: actorName(origin),
          transactionsCancelled,
        });
        return {
          revoked: true,
          sessionId: id,
          revokedAt: isoFromSeconds(now),
          transactionsCancelled,
        };
      }),

    warnOfEnds: () =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const told = Number((await readState(db, 'session_warnings_until')) ?? 0);
        const ending = (await listEndingSessions(db, { after: now, until: now + LONGEST_NOTICE })).filter((row) => {
          const warnAt = row.expires_at - noticeOf(row);
          return told < warnAt && warnAt <= now;
        });
        for (const row of ending) {
          await notify({
            event: 'SESSION_EXPIRING',
            sessionId: row.id,
            agentId: row.agent_id,
            expiresAt: isoFromSeconds(row.expires_at),
          });
        }
        // Moved on only when something was told: an idle daemon writes nothing.
        if (ending.length > 0) await writeState(db, 'session_warnings_until', now, now);
      }),

    async cleanUp() {
      let removed = 0;
      for (;;) {
        const batch = await storage.write(async ({ db }) => {
          const now = unixSeconds(clock);
          const over = await removeOverSessions(db, sealer, now, CLEANUP_BATCH);
          for (const row of over) {
            const event = row.revoked_at === null ? 'SESSION_EXPIRED' : 'SESSION_CLEANUP';
            await appendAudit(db, now, { event, actor: 'system', agentId: row.agent_id, sessionId: row.id });
          }
          return over.length;
        });
        removed += batch;
        if (batch < CLEANUP_BATCH) return removed;
      }
    },

    findByTokenHash,
  };
}
