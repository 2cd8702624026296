import { errorEntry, type Logger, toJson, type WaiaasError } from '@waiaas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Cors } from '../hooks/cors.ts';
import type { RateLimiting } from '../hooks/rate-limit.ts';
import { SECURE_HEADERS } from '../hooks/secure-headers.ts';
import { toWaiaasError } from './to-waiaas-error.ts';

/** Seconds after which a stopping daemon is worth asking again (06 §1.3). */
const SHUTDOWN_RETRY_AFTER = 30;

/** What the one place that answers errors works with. */
export interface ErrorAnswering {
  readonly logger: Logger;
  readonly cors: Pick<Cors, 'permit'>;
  readonly rateLimiting: Pick<RateLimiting, 'report' | 'answerFor'>;
}

/**
 * Answers an error: the flat body of 06 §1.11 under the status of the catalogue, with the headers of every answer even
 * when the request was refused before the step that sets them. What the daemon is to blame for is logged with the request
 * id; the client learns only the id.
 */
export function answerError(
  { logger, cors, rateLimiting }: ErrorAnswering,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const error = rateLimiting.answerFor(request, reply, toWaiaasError(thrown, request));
  if (error.status >= 500) logFault(logger, error, request);
  reply.headers(SECURE_HEADERS).header('x-request-id', request.id);
  cors.permit(request, reply);
  rateLimiting.report(request, reply);
  if (error.code === 'SHUTTING_DOWN') reply.header('connection', 'close').header('retry-after', SHUTDOWN_RETRY_AFTER);
  const retryAfter = error.details?.retryAfter;
  if ((error.status === 429 || error.status === 503) && typeof retryAfter === 'number')
    reply.header('retry-after', Math.max(1, Math.ceil(retryAfter)));
  if (error.status === 401) reply.header('www-authenticate', 'Bearer');
  // Sent as text: details may hold what no response schema knows, bigint among them.
  reply.code(error.status).header('content-type', 'application/json; charset=utf-8').send(bodyOf(error, request.id));
}

/** JSON of an error's body; details that JSON cannot carry are left out rather than hiding the error. */
function bodyOf(error: WaiaasError, requestId: string): string {
  const body = error.toBody(requestId);
  try {
    return toJson(body);
  } catch (fault) {
    const { message } = errorEntry('INTERNAL_ERROR');
    const note = fault instanceof Error ? fault.message : message;
    return toJson({ ...body, details: { omitted: note } });
  }
}

function logFault(logger: Logger, error: WaiaasError, request: FastifyRequest): void {
  const { code } = error;
  if (code === 'SHUTTING_DOWN') return;
  const cause = error.cause ?? error;
  // A stack tells where our own mistake is; for a chain that is down it is noise.
  if (code === 'INTERNAL_ERROR')
    logger.error({ requestId: request.id, code, error: describe(cause) }, 'unexpected error');
  else logger.warn({ requestId: request.id, code, reason: describe(cause).message }, 'request failed');
}

const describe = (error: unknown): Readonly<Record<string, unknown>> =>
  error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { name: typeof error, message: 'something that is no error was thrown' };
