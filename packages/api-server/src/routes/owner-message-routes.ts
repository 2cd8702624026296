import { ownerMessageRequestSchema, ownerMessageResponseSchema, validationError } from '@waiaas/core';
import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Guards } from './guards.ts';
import type { OwnerRouteTable } from './owner-route-table.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Actions whose text tells what a stored payment is about: not for everybody to read (00 §3). */
const NAMES_A_PAYMENT: ReadonlySet<string> = new Set(['approve_tx', 'reject_tx']);

/** The text of the next signature, composed by the daemon (00 §3). */
export function ownerMessageRoutes(
  scope: FastifyInstance,
  { services }: RouteDependencies,
  operator: Guards['operator'],
  table: OwnerRouteTable,
): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  const operatorForPayments: preHandlerAsyncHookHandler = async function (request, reply) {
    const { body } = request;
    const action = typeof body === 'object' && body !== null && 'action' in body ? body.action : undefined;
    if (typeof action === 'string' && NAMES_A_PAYMENT.has(action)) await operator.onRequest.call(this, request, reply);
  };

  app.post(
    '/v1/owner/messages',
    {
      config: {
        auth: 'public',
        errors: [
          'UNAUTHORIZED',
          'INVALID_OPERATOR_TOKEN',
          'INVALID_MASTER_PASSWORD',
          'TX_NOT_FOUND',
          'INVALID_ADDRESS',
        ],
      },
      preHandler: operatorForPayments,
      schema: {
        operationId: 'composeOwnerMessage',
        tags: ['Owner'],
        summary: 'The exact text for the owner to sign for a request, with a fresh nonce',
        description:
          'Open to everybody, but for approve_tx and reject_tx, whose text tells about a stored payment: these need the operator.',
        body: ownerMessageRequestSchema,
        response: { 200: ownerMessageResponseSchema },
      },
    },
    (request) => {
      const { method, path, action } = request.body;
      const expected = table.actionsOf(method, path);
      if (!expected.includes(action)) {
        const message =
          expected.length === 0
            ? `no request ${method} ${path} takes a signature of the owner`
            : `must be ${expected.join(' or ')} for this request`;
        throw validationError([{ path: expected.length === 0 ? 'path' : 'action', code: 'custom', message }]);
      }
      return services.owner.message(request.body, request.headers.host ?? '');
    },
  );
}
