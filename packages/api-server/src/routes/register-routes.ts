import type { FastifyInstance } from 'fastify';
import type { RateLimiting } from '../hooks/rate-limit.ts';
import type { ApiServerOptions } from '../options.ts';
import { adminRoutes, masterRoutes } from './admin-routes.ts';
import { agentRoutes } from './agent-routes.ts';
import { registerAudience } from './audience.ts';
import { docsRoutes } from './docs-routes.ts';
import { createGuards } from './guards.ts';
import { policyRoutes } from './policy-routes.ts';
import { publicRoutes } from './public-routes.ts';
import type { RouteDependencies } from './route-dependencies.ts';
import { sessionRoutes } from './session-routes.ts';
import { transactionRoutes } from './transaction-routes.ts';
import { createWaiting } from './waiting.ts';
import { walletRoutes } from './wallet-routes.ts';

/** Mounts every route in the scope of its audience (00 §3, "Who may do what"). */
export function registerRoutes(app: FastifyInstance, options: ApiServerOptions, rateLimiting: RateLimiting): void {
  const guards = createGuards(options.authenticators, rateLimiting);
  const dependencies: RouteDependencies = {
    services: options.services,
    operatorTokens: options.authenticators.operatorTokens,
    clock: options.clock,
    waiting: createWaiting(options.shutdown),
  };
  registerAudience(app, 'public', null, async (scope) => {
    publicRoutes(scope, dependencies);
    if (options.debug) await docsRoutes(scope, options.port);
  });
  registerAudience(app, 'session', guards.session, (scope) => {
    walletRoutes(scope, dependencies);
    transactionRoutes(scope, dependencies);
  });
  registerAudience(app, 'operator', guards.operator, (scope) => {
    agentRoutes(scope, dependencies);
    sessionRoutes(scope, dependencies);
    policyRoutes(scope, dependencies);
    adminRoutes(scope, dependencies);
  });
  registerAudience(app, 'master', guards.master, (scope) => masterRoutes(scope, dependencies));
}
