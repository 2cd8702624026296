import {
  type AgentId,
  type AgentStatus,
  type Clock,
  type DetailsOf,
  isActive,
  type SessionConstraints,
  type SessionId,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import type { SessionRecord, SessionStore } from './session-store.ts';
import { SESSION_TOKEN_PREFIX, type SessionTokens } from './session-tokens.ts';

/** Who is asking, and what this session may do at most. */
export interface SessionContext {
  readonly sessionId: SessionId;
  readonly agentId: AgentId;
  readonly constraints: SessionConstraints;
  /** SHA-256 of the token that was shown: a renewal replaces this very token and no other (03 §13). */
  readonly tokenHash: string;
  /** Unix seconds by which the session has to be renewed, because the secret of the token was rotated; else null. */
  readonly renewBy: number | null;
}

/** Finds out who sent a request. */
export interface SessionAuthenticator {
  /**
   * Checks an `Authorization` header in the order of 03 §10.
   * @throws WaiaasError INVALID_TOKEN, TOKEN_EXPIRED, SESSION_REVOKED, SESSION_EXPIRED, AGENT_SUSPENDED (409) or
   *   AGENT_TERMINATED (410). The store is asked only for tokens that carry a genuine, unexpired signature.
   */
  authenticate(authorization: string | undefined): Promise<SessionContext>;
}

/** What a session authenticator is made of. */
export interface SessionAuthenticatorOptions {
  readonly tokens: SessionTokens;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  /**
   * Told of each request refused because the seal over its session did not verify: somebody has changed the database
   * file. Must leave a critical SEAL_BROKEN audit row (00 §3); the refusal is answered after it.
   */
  readonly onBrokenSeal: (session: Pick<SessionRecord, 'id' | 'agentId'>) => Promise<void>;
}

/** The scheme's name has no case (RFC 9110 §11.1); everything after it has. */
const BEARER = /^bearer (\S+)$/i;

const refusal = (reason: DetailsOf<'INVALID_TOKEN'>['reason']): WaiaasError =>
  new WaiaasError('INVALID_TOKEN', { details: { reason } });

/**
 * Session authentication (03 §10). Remembers nothing between requests: a revoked session or a suspended agent is refused
 * at the very next one.
 *
 * @example
 * const { agentId } = await authenticator.authenticate(request.headers.authorization);
 */
export function createSessionAuthenticator(options: SessionAuthenticatorOptions): SessionAuthenticator {
  const { tokens, sessions, clock, onBrokenSeal } = options;
  return {
    async authenticate(authorization) {
      const token = bearerToken(authorization);
      const claimed = tokens.verify(token);

      const tokenHash = tokens.hash(token);
      const session = await sessions.findByTokenHash(tokenHash);
      if (session === null) throw refusal('unknown');
      // Read after the look-up: the time that counts is the one at which the row was known.
      if (!isActive(session, unixSeconds(clock))) {
        throw new WaiaasError(session.revokedAt === null ? 'SESSION_EXPIRED' : 'SESSION_REVOKED');
      }
      if (session.id !== claimed.sessionId || session.agentId !== claimed.agentId) throw refusal('unknown');
      if (session.constraintsAuthentic !== true) {
        await onBrokenSeal({ id: session.id, agentId: session.agentId });
        throw refusal('unknown');
      }
      refuseUnlessActive(session.agentStatus);
      const { id: sessionId, agentId, constraints } = session;
      return { sessionId, agentId, constraints, tokenHash, renewBy: claimed.renewBy };
    },
  };
}

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') throw refusal('missing');
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined || !token.startsWith(SESSION_TOKEN_PREFIX)) throw refusal('malformed');
  return token;
}

function refuseUnlessActive(status: AgentStatus): void {
  switch (status) {
    case 'ACTIVE':
      return;
    case 'TERMINATING':
    case 'TERMINATED':
      throw new WaiaasError('AGENT_TERMINATED');
    case 'CREATING':
      throw new WaiaasError('AGENT_SUSPENDED', { message: 'The agent is not ready yet.', hint: 'Try again later.' });
    default:
      // SUSPENDED, and any state a later version may add: only ACTIVE may act.
      throw new WaiaasError('AGENT_SUSPENDED');
  }
}
