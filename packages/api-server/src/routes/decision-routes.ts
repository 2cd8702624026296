import { decisionRecordResponseSchema, idSchema, replayResponseSchema, transactionId } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RouteDependencies } from './route-dependencies.ts';

/** How payments were decided (00 §3, "Routes added"). */
export function decisionRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const config = { auth: 'operatorOrOwner', action: 'view_dashboard' } as const;

  app.get(
    '/v1/owner/decisions/:id',
    {
      config: { ...config, errors: ['TX_NOT_FOUND', 'KEYSTORE_LOCKED'] },
      schema: {
        operationId: 'getDecision',
        tags: ['Owner'],
        summary: 'How a payment was decided, rule by rule, and whether it comes out the same again',
        params: z.strictObject({ id: idSchema }),
        response: { 200: decisionRecordResponseSchema },
      },
    },
    (request) => services.decisions.get(transactionId(request.params.id)),
  );

  app.get(
    '/v1/owner/decisions/replay',
    {
      config: { ...config, errors: ['KEYSTORE_LOCKED'] },
      schema: {
        operationId: 'replayDecisions',
        tags: ['Owner'],
        summary: 'Make every decision again from its record, and compare',
        description:
          'Payments and claims that the audit log tells of and whose records are gone are faults, too, with the verdict `missing`. That the log itself is whole is what `GET /v1/owner/audit-log/verify` tells.',
        response: { 200: replayResponseSchema },
      },
    },
    () => services.decisions.replay(),
  );
}
