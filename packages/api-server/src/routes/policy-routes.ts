import {
  idSchema,
  policyCreateSchema,
  policyDeleteQuerySchema,
  policyDeleteResponseSchema,
  policyEvaluationRequestSchema,
  policyEvaluationResponseSchema,
  policyId,
  policyListResponseSchema,
  policyResponseSchema,
  policyUpdateSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Policies: read by the operator and the owner (06 E20; 00 §3). */
export function policyReadRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/v1/owner/policies',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard', errors: ['KEYSTORE_LOCKED'] },
      schema: {
        operationId: 'listPolicies',
        tags: ['Owner'],
        summary: 'All policies, with whether they are as the daemon stored them',
        response: { 200: policyListResponseSchema },
      },
    },
    () => services.policies.list(),
  );

  app.post(
    '/v1/owner/policies/evaluate',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'view_dashboard',
        errors: ['AGENT_NOT_FOUND', 'CHAIN_NOT_SUPPORTED', 'INVALID_ADDRESS', 'KEYSTORE_LOCKED'],
      },
      schema: {
        operationId: 'evaluatePolicies',
        tags: ['Owner'],
        summary:
          'What a set of policies would decide about a payment now, and about those of the past; changes nothing',
        body: policyEvaluationRequestSchema,
        response: { 200: policyEvaluationResponseSchema },
      },
    },
    (request) => services.policies.evaluate(request.body),
  );
}

/** Policies: changed by the owner once there is one, before that by the operator (06 E20, E21; 00 §3). */
export function policyRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/owner/policies',
    {
      config: {
        auth: 'ownerOnceConnected',
        action: 'update_settings',
        errors: ['AGENT_NOT_FOUND', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'createPolicy',
        tags: ['Owner'],
        summary: 'Add a policy, for one agent or for all',
        body: policyCreateSchema,
        response: { 201: policyResponseSchema },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await services.policies.create(request.body, callerContext(request))),
  );

  app.put(
    '/v1/owner/policies/:policyId',
    {
      config: {
        auth: 'ownerOnceConnected',
        action: 'update_settings',
        errors: ['POLICY_NOT_FOUND', 'POLICY_CONFLICT', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'updatePolicy',
        tags: ['Owner'],
        summary: 'Change a policy; its type and agent never change',
        params: z.strictObject({ policyId: idSchema }),
        body: policyUpdateSchema,
        response: { 200: policyResponseSchema },
      },
    },
    (request) => services.policies.update(policyId(request.params.policyId), request.body, callerContext(request)),
  );

  app.delete(
    '/v1/owner/policies/:policyId',
    {
      config: {
        auth: 'ownerOnceConnected',
        action: 'update_settings',
        errors: ['POLICY_NOT_FOUND', 'POLICY_CONFLICT', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'deletePolicy',
        tags: ['Owner'],
        summary: 'Remove a policy; what was decided by it stays on record',
        params: z.strictObject({ policyId: idSchema }),
        querystring: policyDeleteQuerySchema,
        response: { 200: policyDeleteResponseSchema },
      },
    },
    async (request) => {
      const { policyId: id } = request.params;
      await services.policies.remove(
        policyId(id),
        { confirm: request.query.confirm === 'true', version: request.query.version },
        callerContext(request),
      );
      return { deleted: true as const, policyId: id };
    },
  );
}
