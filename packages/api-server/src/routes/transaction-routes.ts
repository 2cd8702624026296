import {
  dryRunRequestSchema,
  dryRunResponseSchema,
  idempotencyKeySchema,
  idSchema,
  pendingTransactionListResponseSchema,
  transactionId,
  transactionListQuerySchema,
  transactionListResponseSchema,
  transactionResponseSchema,
  transferRequestSchema,
  validationError,
} from '@waiaas/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { occursTwice } from '../hooks/host-check.ts';
import { peerAddress } from '../peer-address.ts';
import { sessionOf } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Longest time a payment request waits for a terminal state, ms (04 §7). */
export const SEND_WAIT_MS = 30_000;

const sendHeaders = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });

/** Two keys would be joined into a third that the client never chose. */
function refuseTwoKeys(request: FastifyRequest): void {
  if (!occursTwice(request.raw.rawHeaders, 'idempotency-key')) return;
  throw validationError([{ path: 'idempotency-key', code: 'custom', message: 'must be sent at most once' }]);
}

/** Payments of the session's agent, and what became of them (06 E6–E8, E32). */
export function transactionRoutes(scope: FastifyInstance, { services, waiting }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/transactions/send',
    {
      config: {
        auth: 'session',
        errors: [
          'INSUFFICIENT_BALANCE',
          'INSUFFICIENT_TOKEN_BALANCE',
          'INVALID_ADDRESS',
          'INVALID_TOKEN_MINT',
          'UNSUPPORTED_TOKEN',
          'CHAIN_NOT_SUPPORTED',
          'SESSION_LIMIT_EXCEEDED',
          'CONSTRAINT_VIOLATED',
          'POLICY_DENIED',
          'SPENDING_LIMIT_EXCEEDED',
          'WHITELIST_DENIED',
          'AGENT_SUSPENDED',
          'AGENT_TERMINATED',
          'IDEMPOTENCY_CONFLICT',
          'TX_EXPIRED',
          'APPROVAL_TIMEOUT',
          'SIMULATION_FAILED',
          'CHAIN_ERROR',
          'KEYSTORE_LOCKED',
          'ADAPTER_NOT_AVAILABLE',
          'CIRCUIT_OPEN',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'sendTransaction',
        tags: ['Transaction'],
        summary: 'Pay. 200: confirmed. 202: queued, or still under way after 30 s',
        headers: sendHeaders,
        body: transferRequestSchema,
        response: { 200: transactionResponseSchema, 202: transactionResponseSchema },
      },
    },
    async (request, reply) => {
      refuseTwoKeys(request);
      const idempotencyKey = request.headers['idempotency-key'];
      const transaction = await waiting(reply, (signal) =>
        services.transactions.send(sessionOf(request), request.body, {
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          ip: peerAddress(request),
          waitMs: SEND_WAIT_MS,
          signal,
        }),
      );
      return reply.code(transaction.status === 'CONFIRMED' ? 200 : 202).send(transaction);
    },
  );

  app.post(
    '/v1/transactions/dry-run',
    {
      config: {
        auth: 'session',
        errors: [
          'INVALID_ADDRESS',
          'INVALID_TOKEN_MINT',
          'UNSUPPORTED_TOKEN',
          'CHAIN_NOT_SUPPORTED',
          'AGENT_SUSPENDED',
          'AGENT_TERMINATED',
          'CHAIN_ERROR',
          'KEYSTORE_LOCKED',
          'ADAPTER_NOT_AVAILABLE',
          'CIRCUIT_OPEN',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'dryRunTransaction',
        tags: ['Transaction'],
        summary: 'What would be decided about a payment now; nothing is paid, reserved or kept',
        body: dryRunRequestSchema,
        response: { 200: dryRunResponseSchema },
      },
    },
    (request) => services.transactions.dryRun(sessionOf(request), request.body),
  );

  app.get(
    '/v1/transactions',
    {
      config: { auth: 'session' },
      schema: {
        operationId: 'listTransactions',
        tags: ['Transaction'],
        summary: 'Transactions of the agent, newest first unless asked otherwise',
        querystring: transactionListQuerySchema,
        response: { 200: transactionListResponseSchema },
      },
    },
    (request) => services.transactions.list(sessionOf(request), request.query),
  );

  app.get(
    '/v1/transactions/pending',
    {
      config: { auth: 'session' },
      schema: {
        operationId: 'listPendingTransactions',
        tags: ['Transaction'],
        summary: 'Queued transactions that wait for time or for the owner',
        response: { 200: pendingTransactionListResponseSchema },
      },
    },
    (request) => services.transactions.pending(sessionOf(request)),
  );

  app.get(
    '/v1/transactions/:id',
    {
      config: { auth: 'session', errors: ['TX_NOT_FOUND'] },
      schema: {
        operationId: 'getTransaction',
        tags: ['Transaction'],
        summary: 'One transaction of the agent',
        params: z.strictObject({ id: idSchema }),
        response: { 200: transactionResponseSchema },
      },
    },
    (request) => services.transactions.get(sessionOf(request), transactionId(request.params.id)),
  );
}
