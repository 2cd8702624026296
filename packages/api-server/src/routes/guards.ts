import { WaiaasError } from '@waiaas/core';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { RateLimiting } from '../hooks/rate-limit.ts';
import { peerAddress } from '../peer-address.ts';
import type { Authenticators } from '../ports/authenticators.ts';
import type { Actor, RequestContext, SessionContext } from '../ports/request-context.ts';

const OPERATOR_BEARER = /^Bearer (wai_op_[\x21-\x7e]{1,512})$/;

/** The guards, one for each audience that needs one (00 §3, "Who may do what"). They run before the body is read. */
export interface Guards {
  readonly session: onRequestAsyncHookHandler;
  readonly operator: onRequestAsyncHookHandler;
  readonly master: onRequestAsyncHookHandler;
}

const masterPasswordOf = (request: FastifyRequest): string | undefined => {
  const value = request.headers['x-master-password'];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** Makes the guards. */
export function createGuards(
  authenticators: Authenticators,
  rateLimiting: Pick<RateLimiting, 'chargeFailedSignIn'>,
): Guards {
  const { sessionToken, masterPassword, operatorTokens } = authenticators;
  return {
    async session(request) {
      try {
        request.sessionContext = await sessionToken.authenticate(request.headers.authorization);
      } catch (error) {
        rateLimiting.chargeFailedSignIn(request);
        throw error;
      }
    },
    async operator(request) {
      const password = masterPasswordOf(request);
      if (password !== undefined) return masterPassword.authenticate(password);
      const token = OPERATOR_BEARER.exec(request.headers.authorization ?? '')?.[1];
      if (token === undefined) throw new WaiaasError('UNAUTHORIZED');
      operatorTokens.authenticate(token);
      request.operatorToken = token;
    },
    async master(request) {
      await masterPassword.authenticate(masterPasswordOf(request));
    },
  };
}

/** The session a guarded request speaks for. @throws TypeError outside of a session route: a bug, never a permission. */
export function sessionOf(request: FastifyRequest): SessionContext {
  if (request.sessionContext === null) throw new TypeError('This route is not guarded by a session');
  return request.sessionContext;
}

const OPERATOR: Actor = { kind: 'operator' };

/** What services record about a request of the operator. */
export const operatorContext = (request: FastifyRequest): RequestContext => ({
  actor: OPERATOR,
  ip: peerAddress(request),
  requestId: request.id,
});
