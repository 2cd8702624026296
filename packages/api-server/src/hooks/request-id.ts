import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { RandomBytes } from '@waiaas/core';
import type { Step } from './step.ts';

const CLIENT_ID = /^[A-Za-z0-9_-]{1,128}$/;
const BYTES_PER_ID = 11;
const IDS_PER_DRAW = 64;

/**
 * Makes request ids: the client's own when it is harmless in a log line, otherwise `req_` and 22 hex characters (06 §1.3,
 * §1.7). Random bytes are drawn for 64 ids at a time, because a draw per request is a noticeable share of a short answer.
 */
export function createRequestIds(randomBytes: RandomBytes): (raw: Pick<IncomingMessage, 'headers'>) => string {
  let pool = Buffer.alloc(0);
  let used = 0;
  return (raw) => {
    const given = raw.headers['x-request-id'];
    if (typeof given === 'string' && CLIENT_ID.test(given)) return given;
    if (used === pool.length) {
      pool = Buffer.from(randomBytes(BYTES_PER_ID * IDS_PER_DRAW));
      used = 0;
    }
    used += BYTES_PER_ID;
    return `req_${pool.toString('hex', used - BYTES_PER_ID, used)}`;
  };
}

/** Step 1: the id goes into the answer, and what the route is into the request. */
export const echoRequestId: Step = (request, reply) => {
  reply.header('x-request-id', request.id);
  request.plan = request.routeOptions.config.plan ?? null;
  return undefined;
};
