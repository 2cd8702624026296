import { healthResponseSchema, isoTime, nonceResponseSchema, SIGN_IN_LIFE_MS } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { RouteDependencies } from './route-dependencies.ts';

/** Routes nobody needs to sign in for (06 §3.1). */
export function publicRoutes(scope: FastifyInstance, { services, clock }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const config = { auth: 'public' } as const;

  app.get(
    '/health',
    {
      config,
      schema: {
        operationId: 'healthCheck',
        tags: ['Public'],
        summary: 'Whether the daemon can do its work',
        response: { 200: healthResponseSchema },
      },
    },
    () => services.health(),
  );

  app.get(
    '/v1/nonce',
    {
      config,
      schema: {
        operationId: 'getNonce',
        tags: ['Public'],
        summary: 'A nonce for the next owner signature; works once',
        response: { 200: nonceResponseSchema },
      },
    },
    () => {
      const { nonce, expiresAt } = services.nonces.issue();
      // A message that carries it lives no longer, whatever the store would allow.
      return { nonce, expiresAt: isoTime(Math.min(expiresAt, clock.now() + SIGN_IN_LIFE_MS)) };
    },
  );
}
