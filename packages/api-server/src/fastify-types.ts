import type { ErrorCode, OwnerAction } from '@waiaas/core';
import type { ShownCredential } from './ports/authenticators.ts';
import type { OwnerSigner } from './ports/owner-authenticator.ts';
import type { SessionContext } from './ports/request-context.ts';
import type { RouteAuth, RoutePlan } from './route-plan.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. Mandatory: a route without it keeps the server from starting. */
    auth?: RouteAuth;
    /** What an owner's signature must authorise. Mandatory where one is taken, refused elsewhere. */
    action?: OwnerAction;
    /** A further action that texts are composed for: the proof in the body of a change of owner. */
    proofAction?: OwnerAction;
    /** `payment`: a signature is over the payment that the path names rather than over the request. */
    subject?: 'payment';
    /** The answer is a stream of server-sent events, whose data the response schema describes. */
    eventStream?: true;
    /** Error codes of the route itself, for the API document. */
    errors?: readonly ErrorCode[];
    /** Filled in when the route is declared. */
    plan?: RoutePlan;
  }
  interface FastifyRequest {
    /** What the hooks know about the route; null for paths that are none. */
    plan: RoutePlan | null;
    /** Set by the guard of session routes. */
    sessionContext: SessionContext | null;
    /** Set by the guard of operator routes when a token, not the password, was shown. */
    operatorToken: string | null;
    /** The password or operator token that let the request in. */
    shownCredential: ShownCredential | null;
    /** Body to the byte; kept where a signature is taken. */
    rawBody: Uint8Array | null;
    /** Header of an owner that is checked once the body is there. */
    ownerPayload: string | null;
    /** Set once an owner's signature has been checked. */
    owner: OwnerSigner | null;
    /** Whether the credential, if any, is in the body. */
    signedInBody: boolean;
    /** Whether the request was counted against its session rather than its address. */
    countedBySession: boolean;
    /** Whether it is counted only once it is known whether the caller gets in. */
    countedAtSignIn: boolean;
  }
}
