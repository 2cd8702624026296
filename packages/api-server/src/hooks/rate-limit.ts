import { type SessionId, WaiaasError } from '@waiaas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateLimits } from '../options.ts';
import { peerAddress } from '../peer-address.ts';
import type { OperatorTokenAuthenticator, SessionTokenAuthenticator } from '../ports/authenticators.ts';
import { COUNTED_AS_OPERATED, type OwnLimit } from '../rate-limit/endpoint-limits.ts';
import type { Bucket, RateLimiter, RateLimitState } from '../rate-limit/limiter.ts';
import type { RouteAuth } from '../route-plan.ts';
import { bearerOf, masterPasswordOf } from '../routes/credential.ts';
import type { Step } from './step.ts';

/** Who has a bucket of their own: no address, and no id of a session. */
export type SignedInAs = 'owner' | 'operators' | 'password';

/** The rate limiter as the server uses it. */
export interface RateLimiting {
  /** Step 7. */
  readonly step: Step;
  /** Puts the state of the caller's address on an answer that was given before the limiter was reached. */
  report(request: FastifyRequest, reply: FastifyReply): void;
  /**
   * Counts a request that went wrong before it was known whom it is from, such as one whose body cannot be read, against the
   * caller's address, and answers what there is to say: where the address has no budget left, that.
   */
  answerFor(request: FastifyRequest, reply: FastifyReply, error: WaiaasError): WaiaasError;
  /** Counts a failed sign-in against the caller's address, when the request itself was counted elsewhere. */
  chargeFailedSignIn(request: FastifyRequest): void;
  /**
   * Counts a request that is let in, where it is counted by who that is.
   * @throws WaiaasError RATE_LIMIT_EXCEEDED
   */
  admitSignedIn(request: FastifyRequest, reply: FastifyReply, who: SignedInAs): void;
  /**
   * Counts one that is not, or will not be, against the caller's address.
   * @throws WaiaasError RATE_LIMIT_EXCEEDED, in place of what the guard has to say, where the address has no budget left
   */
  admitFailedSignIn(request: FastifyRequest, reply: FastifyReply): void;
}

/** Audiences that take operator tokens. */
const OPERATED: ReadonlySet<RouteAuth | undefined> = new Set<RouteAuth | undefined>([
  'operator',
  'operatorOrOwner',
  'ownerOnceConnected',
  'sessionCreation',
]);

/** Whether a request is counted by whether it shows an operator token. */
const isOperated = ({ plan }: FastifyRequest): boolean =>
  plan !== undefined && plan !== null && (OPERATED.has(plan.auth) || COUNTED_AS_OPERATED.has(plan.name));

/** Audiences that the owner's signature lets in by itself. Beside the master password it sells no tries of that. */
const SIGNED: ReadonlySet<RouteAuth | undefined> = new Set<RouteAuth | undefined>([
  'operatorOrOwner',
  'ownerOnceConnected',
  'owner',
  'sessionCreation',
]);

/** Whether a request shows what may be a signature of the owner, and nothing else. */
const isSigned = (request: FastifyRequest): boolean =>
  SIGNED.has(request.plan?.auth) && masterPasswordOf(request) === undefined && bearerOf(request).kind === 'owner';

/** The bucket of all operator tokens. */
const OPERATORS: SignedInAs = 'operators';

/** Addresses of this machine: a program may call from any of them, and must not have a budget for each. */
const LOOPBACK = /^(?:(?:::ffff:)?127\.|::1$)/i;

/** Whom an address is counted as. */
const callerOf = (request: FastifyRequest): string => {
  const address = peerAddress(request);
  return LOOPBACK.test(address) ? 'this machine' : address;
};

/**
 * Three levels of counts (06 §1.8): a request with a session token of valid signature counts against its session, any
 * other against its address; routes with a limit of their own count there as well. Routes of the operator and the owner
 * never count by session: a session token is no credential there, and must not buy more guesses.
 *
 * Live operator tokens have a bucket of their own, so that nobody without a credential can use up what an operator needs; and
 * so has the owner, who is counted once the signature holds: it cannot be guessed. Who names somebody else is counted against the
 * address before any signature is looked at. The routes of the kill switch ask everybody who it is before they count, because stopping is what must not be held
 * up. Guesses are no cheaper for that: the lockout and the queue of the master password hold on every route.
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
    const { auth } = request.plan ?? {};
    if (isOperated(request)) return null;
    return auth === undefined || auth === 'public' || auth === 'session' ? sessionToken.peek(authorization) : null;
  };

  const isOperator = (request: FastifyRequest): boolean => {
    if (!isOperated(request)) return false;
    const shown = bearerOf(request);
    return shown.kind === 'operator token' && operatorTokens.isLive(shown.token);
  };

  const baseOf = (request: FastifyRequest, session: SessionId | null, operator: boolean): Bucket => {
    if (session !== null) return { key: session, limit: limits.sessionRpm };
    return { key: operator ? OPERATORS : callerOf(request), limit: limits.globalRpm };
  };

  /** Tells the state on the answer. @throws WaiaasError RATE_LIMIT_EXCEEDED */
  const insist = (reply: FastifyReply, state: RateLimitState): void => {
    describe(reply, state);
    if (!state.admitted) throw tooMany(state);
  };

  const addressOf = (request: FastifyRequest): Bucket => ({ key: callerOf(request), limit: limits.globalRpm });

  /** Counts against whom a request is from, and against the limit of its route where that has one. */
  const admit = ({ plan }: FastifyRequest, base: Bucket, own: OwnLimit | null): RateLimitState => {
    if (own === null) return limiter.admit(base, null);
    const endpoint = { key: `${plan?.name} ${base.key}`, limit: own.limit };
    const replaces = own.replaces === 'always' || (own.replaces === 'when looser' && own.limit > base.limit);
    return limiter.admit(replaces ? null : base, endpoint);
  };

  return {
    step(request, reply) {
      const own = request.plan?.endpointLimit ?? null;
      if (own === 'uncounted') {
        describe(reply, limiter.inspect(addressOf(request)));
        return undefined;
      }
      request.countedAtSignIn = own?.signedIn === true || isSigned(request);
      if (request.countedAtSignIn) return undefined;
      const session = sessionOf(request);
      const operator = session === null && isOperator(request);
      request.countedBySession = session !== null;
      insist(reply, admit(request, baseOf(request, session, operator), own));
      return undefined;
    },
    report(request, reply) {
      if (!reply.hasHeader('x-ratelimit-limit')) describe(reply, limiter.inspect(addressOf(request)));
    },
    answerFor(request, reply, error) {
      if (!request.countedAtSignIn) return error;
      request.countedAtSignIn = false;
      const state = limiter.admit(addressOf(request), null);
      describe(reply, state);
      // That everything is stopped is told to everybody.
      return state.admitted || error.code === 'SYSTEM_LOCKED' ? error : tooMany(state);
    },
    chargeFailedSignIn(request) {
      if (request.countedBySession) limiter.charge(callerOf(request));
    },
    admitSignedIn(request, reply, who) {
      const own = request.plan?.endpointLimit ?? null;
      if (!request.countedAtSignIn || own === 'uncounted') return;
      request.countedAtSignIn = false;
      insist(reply, admit(request, { key: who, limit: limits.globalRpm }, own));
    },
    admitFailedSignIn(request, reply) {
      if (!request.countedAtSignIn) return;
      request.countedAtSignIn = false;
      insist(reply, limiter.admit(addressOf(request), null));
    },
  };
}

const tooMany = ({ limit, retryAfter }: RateLimitState): WaiaasError =>
  new WaiaasError('RATE_LIMIT_EXCEEDED', { details: { limit, window: '1m', retryAfter } });

const describe = (reply: FastifyReply, state: RateLimitState): void => {
  reply.header('x-ratelimit-limit', state.limit);
  reply.header('x-ratelimit-remaining', state.remaining);
  reply.header('x-ratelimit-reset', state.reset);
};
