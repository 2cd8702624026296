import type { FastifyRequest } from 'fastify';

/**
 * Address of the peer as the socket knows it. A socket that is gone by now knows none; its request still needs a bucket
 * and an audit row.
 */
export const peerAddress = (request: FastifyRequest): string => request.raw.socket.remoteAddress ?? 'unknown';
