import type { SessionId } from '@waiaas/core';
import type { OwnerAuthenticator } from './owner-authenticator.ts';
import type { SessionContext } from './request-context.ts';

/** Checks session tokens (03 §10, 06 §1.10). */
export interface SessionTokenAuthenticator {
  /**
   * The session a token names, by its signature alone: no I/O, cheap enough for every request. Null for anything else.
   * Chooses a rate-limit bucket and grants nothing.
   *
   * @param authorization the whole header value
   */
  peek(authorization: string): SessionId | null;
  /**
   * Checks the token and its session's row.
   *
   * @param authorization the whole header value, absent when the request had none
   * @throws WaiaasError INVALID_TOKEN, TOKEN_EXPIRED, SESSION_REVOKED or SESSION_EXPIRED
   */
  authenticate(authorization: string | undefined): Promise<SessionContext>;
}

/** A credential that let a request in. The body of the request may come later, and the credential have ended by then. */
export interface ShownCredential {
  /**
   * Asks whether it still holds; costs nothing and counts no guess.
   * @throws WaiaasError INVALID_MASTER_PASSWORD or INVALID_OPERATOR_TOKEN when it has ended meanwhile
   */
  confirm(): void;
}

/** Checks the master password, with its lockout (03 §14). */
export interface MasterPasswordAuthenticator {
  /** @throws WaiaasError INVALID_MASTER_PASSWORD or MASTER_PASSWORD_LOCKED */
  authenticate(password: string | undefined): Promise<ShownCredential>;
}

/** An operator token as it is shown once. */
export interface IssuedOperatorToken {
  readonly token: string;
  /** Epoch ms of its latest end. */
  readonly expiresAt: number;
}

/** Issues and checks operator tokens, which are held in memory only (00 §3). */
export interface OperatorTokenAuthenticator {
  issue(): IssuedOperatorToken;
  /**
   * @param token the token itself, beginning with `wai_op_`
   * @throws WaiaasError INVALID_OPERATOR_TOKEN
   */
  authenticate(token: string): ShownCredential;
  /** Whether a token is valid now. Chooses a rate-limit bucket: restarts no idle time and grants nothing. */
  isLive(token: string): boolean;
  /** Ends a token. Unknown tokens are none of its business. */
  revoke(token: string): void;
}

/** Everything that can tell who is asking. */
export interface Authenticators {
  readonly sessionToken: SessionTokenAuthenticator;
  readonly masterPassword: MasterPasswordAuthenticator;
  readonly operatorTokens: OperatorTokenAuthenticator;
  readonly owner: OwnerAuthenticator;
}
