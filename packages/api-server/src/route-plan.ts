import type { OwnerAction } from '@waiaas/core';
import type { EndpointLimit } from './rate-limit/endpoint-limits.ts';

/**
 * Who may call a route (00 §3, "Who may do what").
 *
 * | audience              | accepts                                                                                    |
 * | --------------------- | ------------------------------------------------------------------------------------------ |
 * | `public`              | everybody                                                                                  |
 * | `session`             | a session token                                                                            |
 * | `operator`            | the master password or an operator token                                                   |
 * | `master`              | the master password itself, which no token replaces                                        |
 * | `operatorOrOwner`     | the operator, or the owner's signature                                                     |
 * | `ownerOnceConnected`  | the owner's signature once there is an owner; before that, the operator                    |
 * | `owner`               | the owner's signature, nothing else                                                        |
 * | `masterAndOwner`      | the master password and the owner's signature                                              |
 * | `masterAndPossession` | the master password and a signature by the wallet that is named in the body                |
 * | `recovery`            | the master password, and the owner's signature where there is an owner; which, the service says |
 * | `sessionCreation`     | as `operatorOrOwner`, or the owner's signature in the body                                 |
 */
export const ROUTE_AUDIENCES = [
  'public',
  'session',
  'operator',
  'master',
  'operatorOrOwner',
  'ownerOnceConnected',
  'owner',
  'masterAndOwner',
  'masterAndPossession',
  'recovery',
  'sessionCreation',
] as const;
/** Who may call a route. */
export type RouteAuth = (typeof ROUTE_AUDIENCES)[number];

/** Audiences in which a signature of an owner can be shown. */
const SIGNED: ReadonlySet<RouteAuth> = new Set<RouteAuth>([
  'operatorOrOwner',
  'ownerOnceConnected',
  'owner',
  'masterAndOwner',
  'masterAndPossession',
  'recovery',
  'sessionCreation',
]);

/** Whether a route of this audience takes signatures, and so must declare their action. */
export const takesSignature = (auth: RouteAuth): boolean => SIGNED.has(auth);

/** What a route declares about itself. */
export interface RouteDeclaration {
  readonly auth: RouteAuth | undefined;
  readonly action?: OwnerAction | undefined;
  readonly subject?: 'payment' | undefined;
}

/** What the hooks know about a route, worked out once when it is declared. */
export interface RoutePlan {
  /** Method and pattern, such as `GET /v1/transactions/:id`. HEAD counts as GET. */
  readonly name: string;
  readonly auth: RouteAuth | undefined;
  /** What an owner's signature must authorise; null where none is taken. */
  readonly action: OwnerAction | null;
  /** What it is bound to: the request, or the payment that the path names. */
  readonly subject: 'request' | 'payment';
  /** Whether it answers while the kill switch is not NORMAL. */
  readonly whileLocked: boolean;
  readonly endpointLimit: EndpointLimit | null;
}

/**
 * Routes that answer while the kill switch is not NORMAL (00 §3). Those that do not exist yet are listed with the rest:
 * the rule is about names, and a route that is not there answers SYSTEM_LOCKED like every other path.
 */
const WHILE_LOCKED: ReadonlySet<string> = new Set([
  'GET /health',
  'GET /console',
  'GET /console/*',
  'GET /metrics',
  'GET /v1/nonce',
  'GET /v1/admin/status',
  'POST /v1/admin/shutdown',
  'POST /v1/owner/recover',
]);

/** The name a route goes by. */
export const routeName = (method: string, pattern: string): string =>
  `${method === 'HEAD' ? 'GET' : method} ${pattern}`;

/** Works out what the hooks need to know about a route. */
export function planRoute(
  method: string,
  pattern: string,
  { auth, action, subject }: RouteDeclaration,
  limits: ReadonlyMap<string, EndpointLimit>,
): RoutePlan {
  const name = routeName(method, pattern);
  return {
    name,
    auth,
    action: action ?? null,
    subject: subject ?? 'request',
    whileLocked: WHILE_LOCKED.has(name),
    endpointLimit: limits.get(name) ?? null,
  };
}
