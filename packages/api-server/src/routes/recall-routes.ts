import {
  agentId,
  idSchema,
  recallId,
  recallListResponseSchema,
  recallRequestSchema,
  recallResponseSchema,
  recoveryAddressRequestSchema,
  recoveryAddressResponseSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerContext, ownerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

const params = z.strictObject({ id: idSchema });

/**
 * Taking an agent's funds back (00 §3, 08 §2.5). Who may ask depends on where they are to go, which only the unit of work
 * that takes the request can tell: the operator may name the owner's own address and nothing else.
 */
export function recallRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/owner/agents/:id/recall',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'recall',
        errors: [
          'AGENT_NOT_FOUND',
          'AGENT_TERMINATING',
          'RECALL_IN_PROGRESS',
          'DESTINATION_REFUSED',
          'OWNER_AUTH_REQUIRED',
          'INVALID_ADDRESS',
          'CHAIN_NOT_SUPPORTED',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'recallAgent',
        tags: ['Owner'],
        summary: 'Send everything an agent holds to its owner; the agent is suspended, and the end shows in the recall',
        params,
        body: recallRequestSchema,
        response: { 202: recallResponseSchema },
      },
    },
    async (request, reply) =>
      reply
        .code(202)
        .send(await services.recalls.request(agentId(request.params.id), request.body, callerContext(request))),
  );

  app.get(
    '/v1/owner/agents/:id/recalls',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard', errors: ['AGENT_NOT_FOUND'] },
      schema: {
        operationId: 'listRecalls',
        tags: ['Owner'],
        summary: 'Recalls of an agent, newest first',
        params,
        response: { 200: recallListResponseSchema },
      },
    },
    async (request) => ({ recalls: [...(await services.recalls.list(agentId(request.params.id)))] }),
  );

  app.get(
    '/v1/owner/recalls/:id',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard', errors: ['RECALL_NOT_FOUND'] },
      schema: {
        operationId: 'getRecall',
        tags: ['Owner'],
        summary: 'A recall as it stands: what has moved, and what is left',
        params,
        response: { 200: recallResponseSchema },
      },
    },
    (request) => services.recalls.get(recallId(request.params.id)),
  );

  app.get(
    '/v1/owner/agents/:id/recovery-address',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard', errors: ['AGENT_NOT_FOUND'] },
      schema: {
        operationId: 'getRecoveryAddress',
        tags: ['Owner'],
        summary: "Where an agent's funds may be sent beside the owner's own address",
        params,
        response: { 200: recoveryAddressResponseSchema },
      },
    },
    (request) => services.recalls.recoveryAddress(agentId(request.params.id)),
  );
}

/** Saying where funds may go: the master password and the owner's signature, because everything may go there. */
export function recoveryAddressRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.put(
    '/v1/owner/agents/:id/recovery-address',
    {
      config: {
        auth: 'masterAndOwner',
        action: 'recall',
        errors: [
          'AGENT_NOT_FOUND',
          'INVALID_ADDRESS',
          'DESTINATION_REFUSED',
          'CHAIN_NOT_SUPPORTED',
          'CHAIN_ERROR',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'setRecoveryAddress',
        tags: ['Owner'],
        summary: "Register another address for an agent's funds; it counts a day later",
        params,
        body: recoveryAddressRequestSchema,
        response: { 200: recoveryAddressResponseSchema },
      },
    },
    (request) =>
      services.recalls.setRecoveryAddress(agentId(request.params.id), request.body.address, ownerContext(request)),
  );
}
