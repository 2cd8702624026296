import { type SessionId, WaiaasError } from '@waiaas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateLimits } from '../options.ts';
import { peerAddress } from '../peer-address.ts';
import type { SessionTokenAuthenticator } from '../ports/authenticators.ts';
import type { Bucket, RateLimiter, RateLimitState } from '../rate-limit/limiter.ts';
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

const SESSION_PREFIX = 'Bearer wai_sess_';

/**
 * Three levels of counts (06 §1.8): a request with a session token of valid signature counts against its session, any
 * other against its address; routes with a limit of their own count there as well. Routes of the operator and the owner
 * always count against the address: a session token is no credential there, and must not buy more guesses.
 */
export function rateLimiting(
  limiter: RateLimiter,
  limits: RateLimits,
  sessionToken: Pick<SessionTokenAuthenticator, 'peek'>,
): RateLimiting {
  const sessionOf = (request: FastifyRequest): SessionId | null => {
    const authorization = request.raw.headers.authorization;
    if (authorization === undefined || !authorization.startsWith(SESSION_PREFIX)) return null;
    const auth = request.plan?.auth;
    return auth === undefined || auth === 'public' || auth === 'session' ? sessionToken.peek(authorization) : null;
  };

  return {
    step(request, reply) {
      const session = sessionOf(request);
      request.countedBySession = session !== null;
      const base: Bucket =
        session === null
          ? { key: peerAddress(request), limit: limits.globalRpm }
          : { key: session, limit: limits.sessionRpm };
      const own = request.plan?.endpointLimit ?? null;
      let state: RateLimitState;
      if (own === null) state = limiter.admit(base, null);
      else {
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
