import {
  addressResponseSchema,
  assetsResponseSchema,
  balanceResponseSchema,
  budgetQuerySchema,
  budgetResponseSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { sessionOf } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** The wallet of the session's agent (06 E4, E5; 00 §3). */
export function walletRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/v1/wallet/balance',
    {
      config: {
        auth: 'session',
        errors: ['CONSTRAINT_VIOLATED', 'CHAIN_NOT_SUPPORTED', 'CHAIN_ERROR', 'ADAPTER_NOT_AVAILABLE'],
      },
      schema: {
        operationId: 'getBalance',
        tags: ['Wallet'],
        summary: 'Native balance of the agent, read from the chain',
        response: { 200: balanceResponseSchema },
      },
    },
    (request) => services.wallet.balance(sessionOf(request)),
  );

  app.get(
    '/v1/wallet/address',
    {
      config: { auth: 'session', errors: ['CONSTRAINT_VIOLATED'] },
      schema: {
        operationId: 'getAddress',
        tags: ['Wallet'],
        summary: 'Address of the agent, where deposits go',
        response: { 200: addressResponseSchema },
      },
    },
    (request) => services.wallet.address(sessionOf(request)),
  );

  app.get(
    '/v1/wallet/assets',
    {
      config: {
        auth: 'session',
        errors: ['CONSTRAINT_VIOLATED', 'AGENT_TERMINATED', 'CHAIN_ERROR', 'ADAPTER_NOT_AVAILABLE'],
      },
      schema: {
        operationId: 'getAssets',
        tags: ['Wallet'],
        summary: 'What the agent holds, native and tokens, read from the chain',
        response: { 200: assetsResponseSchema },
      },
    },
    (request) => services.wallet.assets(sessionOf(request)),
  );

  app.get(
    '/v1/wallet/budget',
    {
      config: {
        auth: 'session',
        errors: [
          'CONSTRAINT_VIOLATED',
          'INVALID_TOKEN_MINT',
          'UNSUPPORTED_TOKEN',
          'CHAIN_ERROR',
          'ADAPTER_NOT_AVAILABLE',
          'KEYSTORE_LOCKED',
        ],
      },
      schema: {
        operationId: 'getBudget',
        tags: ['Wallet'],
        summary: 'What this session may still spend of the native asset, or of a token',
        querystring: budgetQuerySchema,
        response: { 200: budgetResponseSchema },
      },
    },
    (request) => services.wallet.budget(sessionOf(request), request.query),
  );
}
