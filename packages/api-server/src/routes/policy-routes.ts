import {
  idSchema,
  policyCreateSchema,
  policyId,
  policyListResponseSchema,
  policyResponseSchema,
  policyUpdateSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { operatorContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Policies, managed by the operator as long as no owner is connected (06 E20, E21; 00 §3). */
export function policyRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/owner/policies',
    {
      config: { auth: 'operator', errors: ['AGENT_NOT_FOUND', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'] },
      schema: {
        operationId: 'createPolicy',
        tags: ['Owner'],
        summary: 'Add a policy, for one agent or for all',
        body: policyCreateSchema,
        response: { 201: policyResponseSchema },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await services.policies.create(request.body, operatorContext(request))),
  );

  app.get(
    '/v1/owner/policies',
    {
      config: { auth: 'operator' },
      schema: {
        operationId: 'listPolicies',
        tags: ['Owner'],
        summary: 'All policies',
        response: { 200: policyListResponseSchema },
      },
    },
    () => services.policies.list(),
  );

  app.put(
    '/v1/owner/policies/:policyId',
    {
      config: { auth: 'operator', errors: ['POLICY_NOT_FOUND', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'] },
      schema: {
        operationId: 'updatePolicy',
        tags: ['Owner'],
        summary: 'Change a policy; its type and agent never change',
        params: z.strictObject({ policyId: idSchema }),
        body: policyUpdateSchema,
        response: { 200: policyResponseSchema },
      },
    },
    (request) => services.policies.update(policyId(request.params.policyId), request.body, operatorContext(request)),
  );
}
