import type { AgentId, SessionConstraints, SessionId } from '@waiaas/core';
import type { OwnerSigner } from './owner-authenticator.ts';

/** Who a session token speaks for, and within which bounds; read from the session's row at every request (03 §10). */
export interface SessionContext {
  readonly sessionId: SessionId;
  readonly agentId: AgentId;
  readonly constraints: SessionConstraints;
  /** SHA-256 of the token that was shown, hex. */
  readonly tokenHash: string;
  /** Unix seconds by which the session has to be renewed, because the secret of the token was rotated; else null. */
  readonly renewBy: number | null;
}

/** Who asked, as audit rows name it. */
export type Actor =
  | { readonly kind: 'operator' }
  | ({ readonly kind: 'owner' } & OwnerSigner)
  | { readonly kind: 'agent'; readonly agentId: AgentId; readonly sessionId: SessionId };

/** What a service may want to record about the request it works for. */
export interface RequestContext {
  readonly actor: Actor;
  /** Address of the peer as the socket knows it; never from a forwarding header (06 §1.8). */
  readonly ip: string;
  /** The id that the answer and the log line carry. */
  readonly requestId: string;
  /**
   * Asks once more whether the password or operator token that let the request in still holds: called in the very step
   * that does something for it. Where neither was shown there is nothing to ask.
   * @throws WaiaasError INVALID_MASTER_PASSWORD or INVALID_OPERATOR_TOKEN
   */
  readonly confirmCredential: () => void;
}
