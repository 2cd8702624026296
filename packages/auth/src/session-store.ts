import type { AgentId, AgentStatus, SessionConstraints, SessionId, SessionLife } from '@waiaas/core';

/** A session as the database knows it, with what a request needs of its agent. */
export interface SessionRecord extends SessionLife {
  readonly id: SessionId;
  readonly agentId: AgentId;
  readonly constraints: SessionConstraints;
  /** Whether the session is as the daemon stored it: constraints, use, revocation (00 §3). False denies. */
  readonly constraintsAuthentic: boolean;
  /** State of the agent at the time of the look-up. */
  readonly agentStatus: AgentStatus;
}

/** Where sessions are looked up. Implemented by storage. */
export interface SessionStore {
  /**
   * The session whose token has this hash, read from the database at every call: a cached answer would outlive a
   * revocation (03 §10).
   * @param hash SHA-256 of the whole token, lower-case hex, as `SessionTokens.hash` makes it
   */
  findByTokenHash(hash: string): Promise<SessionRecord | null>;
}
