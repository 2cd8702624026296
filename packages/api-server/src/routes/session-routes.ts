import {
  idSchema,
  sessionCreateResponseSchema,
  sessionCreateSchema,
  sessionId,
  sessionListQuerySchema,
  sessionListResponseSchema,
  sessionRevokeResponseSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { operatorContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Sessions, managed by the operator (06 E9–E11). */
export function sessionRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/sessions',
    {
      config: {
        auth: 'operator',
        errors: [
          'SESSION_LIMIT_EXCEEDED',
          'AGENT_NOT_FOUND',
          'AGENT_SUSPENDED',
          'AGENT_TERMINATED',
          'KEYSTORE_LOCKED',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'createSession',
        tags: ['Session'],
        summary: 'Open a session for an agent; its token is shown here and never again',
        body: sessionCreateSchema,
        response: { 201: sessionCreateResponseSchema },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await services.sessions.create(request.body, operatorContext(request))),
  );

  app.get(
    '/v1/sessions',
    {
      config: { auth: 'operator' },
      schema: {
        operationId: 'listSessions',
        tags: ['Session'],
        summary: 'Sessions, newest first unless asked otherwise',
        querystring: sessionListQuerySchema,
        response: { 200: sessionListResponseSchema },
      },
    },
    (request) => services.sessions.list(request.query),
  );

  app.delete(
    '/v1/sessions/:id',
    {
      config: { auth: 'operator', errors: ['SESSION_NOT_FOUND', 'SESSION_REVOKED', 'STORAGE_UNAVAILABLE'] },
      schema: {
        operationId: 'revokeSession',
        tags: ['Session'],
        summary: 'Revoke a session, at once',
        params: z.strictObject({ id: idSchema }),
        response: { 200: sessionRevokeResponseSchema },
      },
    },
    (request) => services.sessions.revoke(sessionId(request.params.id), operatorContext(request)),
  );
}
