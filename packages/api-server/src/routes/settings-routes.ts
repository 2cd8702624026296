import { settingsResponseSchema, settingsUpdateResponseSchema, settingsUpdateSchema } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { callerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** What can be set while the daemon runs, by the operator or the owner (06 E26, E27; 00 §3). */
export function settingsRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/v1/owner/settings',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard' },
      schema: {
        operationId: 'getSettings',
        tags: ['Owner'],
        summary: 'The settings that are in force, without any secret',
        response: { 200: settingsResponseSchema },
      },
    },
    () => services.settings.read(),
  );

  app.put(
    '/v1/owner/settings',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: ['KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'updateSettings',
        tags: ['Owner'],
        summary: 'Change settings at once; they are kept over restarts and count more than config.toml',
        body: settingsUpdateSchema,
        response: { 200: settingsUpdateResponseSchema },
      },
    },
    (request) => services.settings.update(request.body, callerContext(request)),
  );
}
