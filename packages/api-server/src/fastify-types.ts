import type { ErrorCode } from '@waiaas/core';
import type { SessionContext } from './ports/request-context.ts';
import type { RouteAuth, RoutePlan } from './route-plan.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. Mandatory: a route without it keeps the server from starting. */
    auth?: RouteAuth;
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
    /** Whether the request was counted against its session rather than its address. */
    countedBySession: boolean;
  }
}
