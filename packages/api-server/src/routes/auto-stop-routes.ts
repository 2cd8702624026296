import {
  autoStopRuleCreateSchema,
  autoStopRuleDeleteResponseSchema,
  autoStopRuleListResponseSchema,
  autoStopRuleSchema,
  autoStopRuleUpdateSchema,
  type ErrorCode,
  idSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

const CHANGING: readonly ErrorCode[] = ['POLICY_DENIED', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'];
const params = z.strictObject({ id: idSchema });

/** Auto-stop rules, by the operator or the owner (00 §3, 05 §4.8). */
export function autoStopRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const changing = { auth: 'operatorOrOwner', action: 'update_settings' } as const;

  app.get(
    '/v1/owner/auto-stop-rules',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard', errors: ['KEYSTORE_LOCKED'] },
      schema: {
        operationId: 'listAutoStopRules',
        tags: ['Owner'],
        summary: 'All auto-stop rules',
        response: { 200: autoStopRuleListResponseSchema },
      },
    },
    () => services.autoStop.list(),
  );

  app.post(
    '/v1/owner/auto-stop-rules',
    {
      config: { ...changing, errors: ['AGENT_NOT_FOUND', ...CHANGING] },
      schema: {
        operationId: 'createAutoStopRule',
        tags: ['Owner'],
        summary: 'Add a rule that warns, suspends an agent or stops everything',
        body: autoStopRuleCreateSchema,
        response: { 201: autoStopRuleSchema },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await services.autoStop.create(request.body, callerContext(request))),
  );

  app.put(
    '/v1/owner/auto-stop-rules/:id',
    {
      config: { ...changing, errors: ['AUTO_STOP_RULE_NOT_FOUND', ...CHANGING] },
      schema: {
        operationId: 'updateAutoStopRule',
        tags: ['Owner'],
        summary: 'Change what a rule is set to, what it does, or whether it is in force',
        params,
        body: autoStopRuleUpdateSchema,
        response: { 200: autoStopRuleSchema },
      },
    },
    (request) => services.autoStop.update(request.params.id, request.body, callerContext(request)),
  );

  app.delete(
    '/v1/owner/auto-stop-rules/:id',
    {
      config: { ...changing, errors: ['AUTO_STOP_RULE_NOT_FOUND', ...CHANGING] },
      schema: {
        operationId: 'deleteAutoStopRule',
        tags: ['Owner'],
        summary: 'Remove a rule',
        params,
        response: { 200: autoStopRuleDeleteResponseSchema },
      },
    },
    async (request) => {
      await services.autoStop.remove(request.params.id, callerContext(request));
      return { deleted: true as const, ruleId: request.params.id };
    },
  );
}
