import type { FastifyInstance } from 'fastify';
import type { RouteAuth } from '../route-plan.ts';
import type { Guard } from './guards.ts';

const audienceOf = Symbol('audience');

declare module 'fastify' {
  interface FastifyInstance {
    [audienceOf]?: RouteAuth;
  }
}

/** Who a plugin scope is for; undefined outside of every audience, where no route may be. */
export const scopeAudience = (scope: FastifyInstance): RouteAuth | undefined => scope[audienceOf];

/**
 * Opens a plugin scope for one kind of caller. The guard belongs to the scope, so that a route inside it cannot be
 * mounted past the guard; and a route whose declaration differs from its scope keeps the server from starting.
 */
export function registerAudience(
  app: FastifyInstance,
  audience: RouteAuth,
  guard: Guard | null,
  routes: (scope: FastifyInstance) => void | Promise<void>,
): void {
  app.register(async (scope) => {
    if (scopeAudience(scope) !== undefined)
      throw new TypeError('A scope has one audience; it cannot lie within another');
    scope.decorate(audienceOf, audience);
    if (guard !== null) {
      scope.addHook('onRequest', guard.onRequest);
      if (guard.preValidation !== undefined) scope.addHook('preValidation', guard.preValidation);
      if (guard.preHandler !== undefined) scope.addHook('preHandler', guard.preHandler);
    }
    await routes(scope);
  });
}
