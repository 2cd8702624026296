import {
  isoFromSeconds,
  isTransactionId,
  isWaiaasError,
  type OwnerChain,
  RENEW_BY_HEADER,
  type SessionCreate,
  transactionId,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import type {
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  preHandlerAsyncHookHandler,
  preValidationAsyncHookHandler,
} from 'fastify';
import type { RateLimiting } from '../hooks/rate-limit.ts';
import { peerAddress } from '../peer-address.ts';
import type { Authenticators } from '../ports/authenticators.ts';
import type { OwnerSigner, OwnerSubject, SignatureCounting, SignedRequest } from '../ports/owner-authenticator.ts';
import type { Actor, RequestContext, SessionContext } from '../ports/request-context.ts';
import type { RouteAuth } from '../route-plan.ts';
import { bearerOf, credentialOf, masterPasswordOf } from './credential.ts';

/**
 * The checks of one audience. Passwords and tokens are checked before the body is read, and asked once more when it is
 * there; an owner's signature is over the body, so it is checked right after that and before anything in it is looked at;
 * proofs that need what the body says come last, still before the handler.
 */
export interface Guard {
  readonly onRequest: onRequestAsyncHookHandler;
  readonly preValidation?: preValidationAsyncHookHandler;
  readonly preHandler?: preHandlerAsyncHookHandler;
}

/** The guards, one for each audience that needs one (00 §3, "Who may do what"). */
export type Guards = Readonly<Record<Exclude<RouteAuth, 'public'>, Guard>>;

/** The request as the owner signed it. */
const signedRequest = (request: FastifyRequest): SignedRequest => ({
  method: request.method,
  path: request.raw.url ?? '',
  rawBody: request.rawBody ?? new Uint8Array(),
});

/** The payment that the path names. Looked at before the path is validated, so its form is checked here. */
function paymentOf(request: FastifyRequest): OwnerSubject {
  const { params } = request;
  const id: unknown = typeof params === 'object' && params !== null && 'txId' in params ? params.txId : undefined;
  if (typeof id !== 'string' || !isTransactionId(id)) {
    throw validationError([{ path: 'txId', code: 'custom', message: 'must be a UUID v7 in lower case' }]);
  }
  return { kind: 'payment', transactionId: transactionId(id) };
}

const subjectOf = (request: FastifyRequest): OwnerSubject =>
  request.plan?.subject === 'payment' ? paymentOf(request) : { kind: 'request', request: signedRequest(request) };

/** The wallet a connecting request claims to be from. The schema of the route has checked the body. */
function claimOf({ body }: FastifyRequest): { readonly chain: OwnerChain; readonly address: string } {
  if (typeof body !== 'object' || body === null || !('address' in body) || !('chain' in body)) {
    throw new TypeError('A route that proves possession must take address and chain');
  }
  const { address, chain } = body;
  if (typeof address !== 'string' || (chain !== 'solana' && chain !== 'ethereum')) {
    throw new TypeError('A route that proves possession must check address and chain');
  }
  return { chain, address };
}

const hasSignature = (body: unknown): body is SessionCreate =>
  typeof body === 'object' && body !== null && 'signature' in body && body.signature !== undefined;

/** Makes the guards. */
export function createGuards(
  authenticators: Authenticators,
  rateLimiting: Pick<RateLimiting, 'chargeFailedSignIn' | 'admitSignedIn' | 'admitFailedSignIn'>,
): Guards {
  const { sessionToken, masterPassword, operatorTokens, owner } = authenticators;

  /** The action of the route. `ready()` has made sure that there is one wherever a signature is taken. */
  const actionOf = (request: FastifyRequest) => {
    const action = request.plan?.action;
    if (action === undefined || action === null) throw new TypeError('This route takes no signature of an owner');
    return action;
  };

  const master = async (request: FastifyRequest): Promise<void> => {
    request.shownCredential = await masterPassword.authenticate(masterPasswordOf(request));
  };

  const operator = async (request: FastifyRequest): Promise<void> => {
    if (masterPasswordOf(request) !== undefined) return master(request);
    const shown = bearerOf(request);
    if (shown.kind !== 'operator token') throw new WaiaasError('UNAUTHORIZED');
    request.shownCredential = operatorTokens.authenticate(shown.token);
    request.operatorToken = shown.token;
  };

  const session = async (request: FastifyRequest): Promise<SessionContext> => {
    try {
      return await sessionToken.authenticate(request.headers.authorization);
    } catch (error) {
      rateLimiting.chargeFailedSignIn(request);
      throw error;
    }
  };

  /** The body may have taken its time: what ended meanwhile lets nobody in. */
  const confirm: preHandlerAsyncHookHandler = async (request) => request.shownCredential?.confirm();

  /** Runs the check of a credential and counts how it ended, where the route is counted by that. */
  const counted = async (
    request: FastifyRequest,
    reply: FastifyReply,
    check: () => Promise<unknown>,
  ): Promise<void> => {
    try {
      await check();
    } catch (error) {
      rateLimiting.admitFailedSignIn(request, reply);
      throw error;
    }
  };

  /** Checks an operator at once, and remembers an owner's payload until the body is there. */
  const operatorOrPayload = async (request: FastifyRequest): Promise<'operator' | 'owner'> => {
    const shown = credentialOf(request);
    if (shown.kind === 'owner') {
      request.ownerPayload = shown.authorization;
      return 'owner';
    }
    await operator(request);
    return 'operator';
  };

  /** The owner's payload, which has to be there, beside whatever else the route needs. */
  const payload = (request: FastifyRequest): void => {
    const shown = bearerOf(request);
    if (shown.kind !== 'owner') throw new WaiaasError('UNAUTHORIZED');
    request.ownerPayload = shown.authorization;
  };

  /** Checks the owner's signature. Whose the request is, and is counted as, shows in the course of it. */
  const checkSignature: preValidationAsyncHookHandler = async (request, reply) => {
    const { ownerPayload } = request;
    if (ownerPayload === null) return;
    await counted(request, reply, async () => {
      request.owner = await owner.authenticate(ownerPayload, actionOf(request), subjectOf(request), {
        stranger: () => rateLimiting.admitFailedSignIn(request, reply),
        owner: () => rateLimiting.admitSignedIn(request, reply, 'owner'),
      });
    });
  };

  return {
    session: {
      async onRequest(request, reply) {
        request.sessionContext = await session(request);
        // Nothing else tells an agent that its token is about to end before its time.
        const { renewBy } = request.sessionContext;
        if (renewBy !== null) reply.header(RENEW_BY_HEADER, isoFromSeconds(renewBy));
      },
      async preHandler(request) {
        // As for `confirm`. Only a request with a body has waited for anything.
        if (request.body !== undefined) request.sessionContext = await session(request);
      },
    },
    operator: { onRequest: operator, preHandler: confirm },
    master: {
      async onRequest(request, reply) {
        await counted(request, reply, () => master(request));
        rateLimiting.admitSignedIn(request, reply, 'password');
      },
      preHandler: confirm,
    },
    operatorOrOwner: {
      async onRequest(request, reply) {
        await counted(request, reply, () => operatorOrPayload(request));
        // An owner is not let in before the signature has been checked.
        if (request.ownerPayload !== null) return;
        rateLimiting.admitSignedIn(request, reply, request.operatorToken === null ? 'password' : 'operators');
      },
      preValidation: checkSignature,
      preHandler: confirm,
    },
    ownerOnceConnected: {
      async onRequest(request) {
        // Said to operators only: strangers do not learn whether there is an owner.
        if ((await operatorOrPayload(request)) === 'operator' && (await owner.isConnected()))
          throw new WaiaasError('OWNER_AUTH_REQUIRED');
      },
      preValidation: checkSignature,
      preHandler: confirm,
    },
    owner: {
      async onRequest(request) {
        if (masterPasswordOf(request) !== undefined) throw new WaiaasError('UNAUTHORIZED');
        payload(request);
      },
      preValidation: checkSignature,
    },
    masterAndOwner: {
      async onRequest(request) {
        payload(request);
        await master(request);
      },
      preValidation: checkSignature,
      preHandler: confirm,
    },
    masterAndPossession: {
      async onRequest(request) {
        payload(request);
        await master(request);
      },
      async preHandler(request) {
        request.shownCredential?.confirm();
        if (request.ownerPayload === null) throw new TypeError('The payload was checked for before');
        try {
          request.owner = await owner.provePossession(
            request.ownerPayload,
            actionOf(request),
            signedRequest(request),
            claimOf(request),
          );
        } catch (error) {
          // Whoever became the owner meanwhile has voided all nonces. Who has shown the password may know that.
          if (!isWaiaasError(error) || error.code !== 'INVALID_NONCE' || !(await owner.isConnected())) throw error;
          throw new WaiaasError('OWNER_ALREADY_CONNECTED');
        }
      },
    },
    recovery: {
      // The signature cannot be checked yet: the owner's record is sealed, and the vault is locked. The password comes
      // first, opens it, and the service checks the signature before anything is done.
      async onRequest(request) {
        const shown = bearerOf(request);
        if (shown.kind !== 'none' && shown.kind !== 'owner') throw new WaiaasError('UNAUTHORIZED');
        if (shown.kind === 'owner') request.ownerPayload = shown.authorization;
        await master(request);
      },
      preHandler: confirm,
    },
    sessionCreation: {
      async onRequest(request) {
        // Without a credential in the headers it may be in the body, which is not there yet.
        if (credentialOf(request).kind === 'none') request.signedInBody = true;
        else await operatorOrPayload(request);
      },
      async preValidation(request, reply) {
        // A body without a signature is nobody's: whoever sent it learns nothing about what a body has to be like.
        if (request.signedInBody && !hasSignature(request.body)) throw new WaiaasError('UNAUTHORIZED');
        await checkSignature.call(this, request, reply);
      },
      async preHandler(request) {
        request.shownCredential?.confirm();
        const { body } = request;
        if (!hasSignature(body)) return;
        if (request.signedInBody) request.owner = await owner.authenticateSession(body);
        else {
          throw validationError([
            { path: 'signature', code: 'custom', message: 'must not be given beside a credential in the headers' },
          ]);
        }
      },
    },
  };
}

/** The session a guarded request speaks for. @throws TypeError outside of a session route: a bug, never a permission. */
export function sessionOf(request: FastifyRequest): SessionContext {
  if (request.sessionContext === null) throw new TypeError('This route is not guarded by a session');
  return request.sessionContext;
}

const contextOf = (request: FastifyRequest, actor: Actor): RequestContext => ({
  actor,
  ip: peerAddress(request),
  requestId: request.id,
  confirmCredential: () => request.shownCredential?.confirm(),
});

const ownerActor = (signer: OwnerSigner): Actor => ({ kind: 'owner', ...signer });

/** What services record about a request of the operator, or of the owner where a signature was shown. */
export const callerContext = (request: FastifyRequest): RequestContext =>
  contextOf(request, request.owner === null ? { kind: 'operator' } : ownerActor(request.owner));

/** The same where only the owner gets through. @throws TypeError elsewhere: a bug, never a permission. */
export function ownerContext(request: FastifyRequest): RequestContext {
  if (request.owner === null) throw new TypeError('This route is not guarded by a signature of the owner');
  return contextOf(request, ownerActor(request.owner));
}

/** What services record about a request of an agent. */
export function agentContext(request: FastifyRequest): RequestContext {
  const { agentId, sessionId } = sessionOf(request);
  return contextOf(request, { kind: 'agent', agentId, sessionId });
}

/** The master password has let the request in, and it was counted before that. */
const COUNTED_BEFORE: SignatureCounting = { stranger: () => undefined, owner: () => undefined };

/**
 * Checks the owner's signature over a request whose guard could not: the proof is asked for by the service, once it can
 * read who the owner is. Null when the request carries none.
 */
export function deferredOwnerProof(
  request: FastifyRequest,
  owner: Authenticators['owner'],
): (() => Promise<RequestContext>) | null {
  const { ownerPayload, plan } = request;
  if (ownerPayload === null) return null;
  const action = plan?.action;
  if (action === undefined || action === null) throw new TypeError('This route takes no signature of an owner');
  return async () => {
    const subject: OwnerSubject = { kind: 'request', request: signedRequest(request) };
    const signer = await owner.authenticate(ownerPayload, action, subject, COUNTED_BEFORE);
    return contextOf(request, ownerActor(signer));
  };
}
