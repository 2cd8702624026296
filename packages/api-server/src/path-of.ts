import type { FastifyRequest } from 'fastify';

/** Longest path that is repeated in a message or a log line, characters. */
const SHOWN = 200;

/** Path of a request without its query, cut to a length that is harmless to show. */
export function pathOf(request: FastifyRequest): string {
  const url = request.raw.url ?? '';
  const query = url.search(/[?#]/);
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > SHOWN ? `${path.slice(0, SHOWN)}…` : path;
}
