import type { EndpointLimit } from './rate-limit/endpoint-limits.ts';

/**
 * Who may call a route (00 §3, "Who may do what"). `operator` is the master password or an operator token; `master` is
 * the master password itself, which no token replaces.
 */
export type RouteAuth = 'public' | 'session' | 'operator' | 'master';

/** What the hooks know about a route, worked out once when it is declared. */
export interface RoutePlan {
  /** Method and pattern, such as `GET /v1/transactions/:id`. HEAD counts as GET. */
  readonly name: string;
  readonly auth: RouteAuth | undefined;
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
  auth: RouteAuth | undefined,
  limits: ReadonlyMap<string, EndpointLimit>,
): RoutePlan {
  const name = routeName(method, pattern);
  return { name, auth, whileLocked: WHILE_LOCKED.has(name), endpointLimit: limits.get(name) ?? null };
}
