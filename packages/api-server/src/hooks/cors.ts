import { RENEW_BY_HEADER, WaiaasError } from '@waiaas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { perPort } from '../per-port.ts';
import { occursTwice } from './host-check.ts';
import type { Step } from './step.ts';

const EXPOSED = `X-Request-ID, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, ${RENEW_BY_HEADER}`;
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers': 'Authorization, Content-Type, X-Request-ID, X-Master-Password, Idempotency-Key',
  'access-control-max-age': '600',
} as const;

/** The Origin rule as the server uses it. */
export interface Cors {
  /** Step 6. */
  readonly step: Step;
  /** Lets a permitted page read an answer that was given before step 6. */
  permit(request: FastifyRequest, reply: FastifyReply): void;
}

/**
 * A page of a foreign origin is refused by the server itself (06 §1.6): leaving out the CORS headers would only keep the
 * page from reading the answer, not the request from having its effect. Preflights end here; they reach neither the rate
 * limiter nor a guard.
 */
export function cors(
  port: () => number,
  corsOrigins: readonly string[],
  onPreflight: (request: FastifyRequest, reply: FastifyReply) => void,
): Cors {
  const allowed = perPort(
    port,
    (bound): ReadonlySet<string> =>
      new Set([`http://localhost:${bound}`, `http://127.0.0.1:${bound}`, 'tauri://localhost', ...corsOrigins]),
  );
  const isAllowed = (request: FastifyRequest, origin: string): boolean =>
    allowed().has(origin) && !occursTwice(request.raw.rawHeaders, 'origin');
  const permit = (reply: FastifyReply, origin: string): void => {
    reply.header('vary', 'Origin');
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-expose-headers', EXPOSED);
  };
  return {
    step(request, reply) {
      const origin = request.raw.headers.origin;
      if (origin === undefined) return undefined;
      if (!isAllowed(request, origin)) throw new WaiaasError('INVALID_ORIGIN');
      permit(reply, origin);
      if (request.method !== 'OPTIONS' || request.raw.headers['access-control-request-method'] === undefined)
        return undefined;
      onPreflight(request, reply);
      reply.headers(PREFLIGHT).code(204).send();
      return true;
    },
    permit(request, reply) {
      const origin = request.raw.headers.origin;
      if (origin !== undefined && isAllowed(request, origin)) permit(reply, origin);
    },
  };
}
