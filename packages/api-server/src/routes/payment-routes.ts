import {
  idSchema,
  ownerTransactionListQuerySchema,
  ownerTransactionListResponseSchema,
  ownerTransactionSchema,
  transactionId,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RouteDependencies } from './route-dependencies.ts';

/** Payments of all agents, read by the operator or the owner. */
export function paymentRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const config = { auth: 'operatorOrOwner', action: 'view_dashboard' } as const;

  app.get(
    '/v1/owner/transactions',
    {
      config,
      schema: {
        operationId: 'listOwnerTransactions',
        tags: ['Owner'],
        summary: 'Payments of all agents, newest first unless told otherwise',
        querystring: ownerTransactionListQuerySchema,
        response: { 200: ownerTransactionListResponseSchema },
      },
    },
    (request) => services.payments.list(request.query),
  );

  app.get(
    '/v1/owner/transactions/:id',
    {
      config: { ...config, errors: ['TX_NOT_FOUND'] },
      schema: {
        operationId: 'getOwnerTransaction',
        tags: ['Owner'],
        summary: 'A payment of any agent',
        params: z.strictObject({ id: idSchema }),
        response: { 200: ownerTransactionSchema },
      },
    },
    (request) => services.payments.get(transactionId(request.params.id)),
  );
}
