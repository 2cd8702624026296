import { type SessionId, WaiaasError } from '@waiaas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateLimits } from '../options.ts';
import { peerAddress } from '../peer-address.ts';
import type { OperatorTokenAuthenticator, SessionTokenAuthenticator } from '../ports/authenticators.ts';
import type { Bucket, RateLimiter, RateLimitState } from '../rate-limit/limiter.ts';
import type { RouteAuth } from '../route-plan.ts';
import { bearerOf } from '../routes/credential.ts';
import type { Step } from './step.ts';

/** The rate limiter as the server uses it. */
export interface RateLimiting {
  /** Step 7. */
  readonly step: Step;
  /** Puts the state of the caller's address on an answer that was given before the limiter was reached. */
  report(request: FastifyRequest, reply: FastifyReply): void;
  /** Counts a failed sign-in against the caller's address, when the request itself was counted elsewhere. */
  chargeFailedSignIn(request: FastifyRequest): void;
}

/** Audiences that take operator tokens. */
const OPERATED: ReadonlySet<RouteAuth | undefined> = new Set<RouteAuth | undefined>([
  'operator',
  'operatorOrOwner',
  'ownerOnceConnected',
  'sessionCreation',
]);

/** Key of the bucket of all operator tokens: no address, and no id of a session. */
const OPERATORS = 'operators';

/**
 * Three levels of counts (06 §1.8): a request with a session token of valid signature counts against its session, any
 * other against its address; routes with a limit of their own count there as well. Routes of the operator and the owner
 * never count by session: a session token is no credential there, and must not buy more guesses. Nor do the routes that
 * give out nonces, of which there is one store for all.
 *
 * Live operator tokens have a bucket of their own, so that nobody without a credential can use up what an operator needs.
 */
export function rateLimiting(
  limiter: RateLimiter,
  limits: RateLimits,
  authenticators: {
    readonly sessionToken: Pick<SessionTokenAuthenticator, 'peek'>;
    readonly operatorTokens: Pick<OperatorTokenAuthenticator, 'isLive'>;
  },
): RateLimiting {
  const { sessionToken, operatorTokens } = authenticators;

  const sessionOf = (request: FastifyRequest): SessionId | null => {
    const { authorization } = request.headers;
    if (authorization === undefined || bearerOf(request).kind !== 'session token') return null;
    const { auth, endpointLimit } = request.plan ?? {};
    if (endpointLimit?.reserve !== undefined) return null;
    return auth === undefined || auth === 'public' || auth === 'session' ? sessionToken.peek(authorization) : null;
  };

  const isOperator = (request: FastifyRequest): boolean => {
    if (request.plan?.endpointLimit?.reserve === undefined && !OPERATED.has(request.plan?.auth)) return false;
    const shown = bearerOf(request);
    return shown.kind === 'operator token' && operatorTokens.isLive(shown.token);
  };

  const baseOf = (request: FastifyRequest, session: SessionId | null, operator: boolean): Bucket => {
    if (session !== null) return { key: session, limit: limits.sessionRpm };
    return { key: operator ? OPERATORS : peerAddress(request), limit: limits.globalRpm };
  };

  return {
    step(request, reply) {
      const session = sessionOf(request);
      const operator = session === null && isOperator(request);
      request.countedBySession = session !== null;
      const base = baseOf(request, session, operator);
      const own = request.plan?.endpointLimit ?? null;
      let state: RateLimitState;
      if (own === null) state = limiter.admit(base, null);
      else if (own.reserve !== undefined) {
        const name = String(request.plan?.name);
        const endpoint = operator
          ? { key: `${name} ${OPERATORS}`, limit: own.reserve }
          : { key: name, limit: own.limit };
        state = limiter.admit(base, endpoint);
      } else {
        const endpoint = { key: `${request.plan?.name} ${base.key}`, limit: own.limit };
        const replaces = own.replaces === 'always' || (own.replaces === 'when looser' && own.limit > base.limit);
        state = limiter.admit(replaces ? null : base, endpoint);
      }
      describe(reply, state);
      if (!state.admitted) {
        throw new WaiaasError('RATE_LIMIT_EXCEEDED', {
          details: { limit: state.limit, window: '1m', retryAfter: state.retryAfter },
        });
      }
      return undefined;
    },
    report(request, reply) {
      if (!reply.hasHeader('x-ratelimit-limit'))
        describe(reply, limiter.inspect({ key: peerAddress(request), limit: limits.globalRpm }));
    },
    chargeFailedSignIn(request) {
      if (request.countedBySession) limiter.charge(peerAddress(request));
    },
  };
}

const describe = (reply: FastifyReply, state: RateLimitState): void => {
  reply.header('x-ratelimit-limit', state.limit);
  reply.header('x-ratelimit-remaining', state.remaining);
  reply.header('x-ratelimit-reset', state.reset);
};
