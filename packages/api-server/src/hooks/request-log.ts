import type { Logger } from '@waiaas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from '../path-of.ts';

/**
 * Step 2: one line for each answer, with the route's pattern where there is one. No header, no query and no body is ever
 * part of it, so no credential can be (06 §1.3).
 */
export function logRequest(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  logger.info(
    {
      requestId: request.id,
      method: request.method,
      path: request.plan === null || request.plan === undefined ? pathOf(request) : request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    },
    'request',
  );
}
