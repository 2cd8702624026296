import {
  agentCreateSchema,
  agentDetailResponseSchema,
  agentId,
  agentListResponseSchema,
  agentSummarySchema,
  agentTerminateSchema,
  idSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Agents, managed by the operator (00 §3, "Routes added"). */
export function agentRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const params = z.strictObject({ id: idSchema });

  app.post(
    '/v1/agents',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'manage_sessions',
        errors: ['CHAIN_NOT_SUPPORTED', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'createAgent',
        tags: ['Agent'],
        summary: 'Create an agent with a wallet of its own',
        body: agentCreateSchema,
        response: { 201: agentSummarySchema },
      },
    },
    async (request, reply) => reply.code(201).send(await services.agents.create(request.body, callerContext(request))),
  );

  app.get(
    '/v1/agents',
    {
      config: { auth: 'operatorOrOwner', action: 'manage_sessions' },
      schema: {
        operationId: 'listAllAgents',
        tags: ['Agent'],
        summary: 'All agents',
        response: { 200: agentListResponseSchema },
      },
    },
    async () => ({ agents: [...(await services.agents.list())] }),
  );

  app.get(
    '/v1/owner/agents',
    {
      config: { auth: 'operatorOrOwner', action: 'manage_sessions' },
      schema: {
        operationId: 'listAgents',
        tags: ['Owner'],
        summary: 'All agents',
        response: { 200: agentListResponseSchema },
      },
    },
    async () => ({ agents: [...(await services.agents.list())] }),
  );

  app.get(
    '/v1/owner/agents/:id',
    {
      config: { auth: 'operatorOrOwner', action: 'manage_sessions', errors: ['AGENT_NOT_FOUND', 'KEYSTORE_LOCKED'] },
      schema: {
        operationId: 'getAgentDetail',
        tags: ['Owner'],
        summary: 'An agent with its newest transactions, its live sessions and the policies that can hold for it',
        params,
        response: { 200: agentDetailResponseSchema },
      },
    },
    (request) => services.agents.detail(agentId(request.params.id)),
  );

  app.post(
    '/v1/agents/:id/suspend',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'manage_sessions',
        errors: ['AGENT_NOT_FOUND', 'AGENT_SUSPENDED', 'AGENT_TERMINATED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'suspendAgent',
        tags: ['Agent'],
        summary: 'Stop an agent from paying',
        params,
        response: { 200: agentSummarySchema },
      },
    },
    (request) => services.agents.suspend(agentId(request.params.id), callerContext(request)),
  );

  app.post(
    '/v1/agents/:id/resume',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'manage_sessions',
        errors: [
          'AGENT_NOT_FOUND',
          'AGENT_NOT_SUSPENDED',
          'AGENT_TERMINATED',
          'RECALL_IN_PROGRESS',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'resumeAgent',
        tags: ['Agent'],
        summary: 'Let a suspended agent pay again',
        params,
        response: { 200: agentSummarySchema },
      },
    },
    (request) => services.agents.resume(agentId(request.params.id), callerContext(request)),
  );

  app.post(
    '/v1/agents/:id/terminate',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'manage_sessions',
        errors: [
          'AGENT_NOT_FOUND',
          'AGENT_TERMINATED',
          'RECALL_IN_PROGRESS',
          'OWNER_AUTH_REQUIRED',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'terminateAgent',
        tags: ['Agent'],
        summary:
          'End an agent for good: its funds go to the owner, then its key is archived; it ends in the background',
        params,
        // The server hands null on where there is no body.
        body: agentTerminateSchema.nullish(),
        response: { 202: agentSummarySchema },
      },
    },
    async (request, reply) =>
      reply
        .code(202)
        .send(
          await services.agents.terminate(
            agentId(request.params.id),
            request.body ?? { waive: [] },
            callerContext(request),
          ),
        ),
  );
}
