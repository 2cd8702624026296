import {
  idSchema,
  ownerSessionListQuerySchema,
  sessionCreateResponseSchema,
  sessionCreateSchema,
  sessionId,
  sessionListQuerySchema,
  sessionListResponseSchema,
  sessionRenewResponseSchema,
  sessionRevokeResponseSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { agentContext, callerContext, sessionOf } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Sessions as the operator and the owner manage them (06 E10, E11, E22, E23). */
export function sessionRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/v1/sessions',
    {
      config: { auth: 'operatorOrOwner', action: 'manage_sessions' },
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

  app.get(
    '/v1/owner/sessions',
    {
      config: { auth: 'operatorOrOwner', action: 'manage_sessions' },
      schema: {
        operationId: 'listOwnerSessions',
        tags: ['Owner'],
        summary: 'Sessions of all agents, over or not unless asked otherwise',
        querystring: ownerSessionListQuerySchema,
        response: { 200: sessionListResponseSchema },
      },
    },
    (request) => {
      const { active, ...query } = request.query;
      return services.sessions.list({ ...query, status: active === 'true' ? 'active' : 'all' });
    },
  );

  for (const [path, operationId, tag] of [
    ['/v1/sessions/:id', 'revokeSession', 'Session'],
    ['/v1/owner/sessions/:id', 'revokeOwnerSession', 'Owner'],
  ] as const) {
    app.delete(
      path,
      {
        config: {
          auth: 'operatorOrOwner',
          action: 'manage_sessions',
          errors: ['SESSION_NOT_FOUND', 'SESSION_REVOKED', 'STORAGE_UNAVAILABLE'],
        },
        schema: {
          operationId,
          tags: [tag],
          summary: 'Revoke a session, at once',
          params: z.strictObject({ id: idSchema }),
          response: { 200: sessionRevokeResponseSchema },
        },
      },
      (request) => services.sessions.revoke(sessionId(request.params.id), callerContext(request)),
    );
  }
}

/** Opening a session: by the operator, or by the owner's signature in the headers or in the body (06 E9, 03 §6). */
export function sessionCreationRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/sessions',
    {
      config: {
        auth: 'sessionCreation',
        action: 'manage_sessions',
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
      reply.code(201).send(await services.sessions.create(request.body, callerContext(request))),
  );
}

/** A session about itself (03 §13). */
export function renewalRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.put(
    '/v1/sessions/:id/renew',
    {
      config: {
        auth: 'session',
        errors: [
          'SESSION_RENEWAL_MISMATCH',
          'SESSION_NOT_FOUND',
          'RENEWAL_LIMIT_REACHED',
          'SESSION_ABSOLUTE_LIFETIME_EXCEEDED',
          'RENEWAL_TOO_EARLY',
          'RENEWAL_CONFLICT',
          'KEYSTORE_LOCKED',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'renewSession',
        tags: ['Session'],
        summary: 'Get a new token for the session of the one that is shown; the old one ends',
        params: z.strictObject({ id: idSchema }),
        response: { 200: sessionRenewResponseSchema },
      },
    },
    (request) => services.sessions.renew(sessionOf(request), sessionId(request.params.id), agentContext(request)),
  );
}
