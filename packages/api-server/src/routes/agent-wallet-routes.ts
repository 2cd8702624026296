import {
  agentBudgetResponseSchema,
  agentId,
  assetsResponseSchema,
  balanceHistoryQuerySchema,
  balanceHistoryResponseSchema,
  budgetQuerySchema,
  idSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RouteDependencies } from './route-dependencies.ts';

/** What an agent holds, and what the policies leave it, read by the operator or the owner. */
export function agentWalletRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const config = { auth: 'operatorOrOwner', action: 'view_dashboard' } as const;
  const params = z.strictObject({ id: idSchema });

  app.get(
    '/v1/owner/agents/:id/assets',
    {
      config: {
        ...config,
        errors: ['AGENT_NOT_FOUND', 'CHAIN_NOT_SUPPORTED', 'ADAPTER_NOT_AVAILABLE', 'CHAIN_ERROR'],
      },
      schema: {
        operationId: 'getAgentAssets',
        tags: ['Agent'],
        summary: 'What the wallet of an agent holds, read from the chain',
        params,
        response: { 200: assetsResponseSchema },
      },
    },
    (request) => services.agentWallets.assets(agentId(request.params.id)),
  );

  app.get(
    '/v1/owner/agents/:id/budget',
    {
      config: {
        ...config,
        errors: [
          'AGENT_NOT_FOUND',
          'INVALID_TOKEN_MINT',
          'UNSUPPORTED_TOKEN',
          'CHAIN_ERROR',
          'ADAPTER_NOT_AVAILABLE',
          'KEYSTORE_LOCKED',
        ],
      },
      schema: {
        operationId: 'getAgentBudget',
        tags: ['Agent'],
        summary: 'What the policies leave an agent of one asset',
        params,
        querystring: budgetQuerySchema,
        response: { 200: agentBudgetResponseSchema },
      },
    },
    (request) => services.agentWallets.budget(agentId(request.params.id), request.query),
  );

  app.get(
    '/v1/owner/agents/:id/balance-history',
    {
      config: { ...config, errors: ['AGENT_NOT_FOUND'] },
      schema: {
        operationId: 'getBalanceHistory',
        tags: ['Agent'],
        summary: 'What was seen in the wallet of an agent over time, to look at; nothing is decided by it',
        params,
        querystring: balanceHistoryQuerySchema,
        response: { 200: balanceHistoryResponseSchema },
      },
    },
    (request) => services.agentWallets.history(agentId(request.params.id), request.query),
  );
}
