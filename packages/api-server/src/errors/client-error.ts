import type { Socket } from 'node:net';
import { toJson, validationError, WaiaasError } from '@waiaas/core';
import { SECURE_HEADERS } from '../hooks/secure-headers.ts';

/**
 * Answers bytes that are no HTTP request, or one that did not arrive in time, on the bare socket: no hook runs for them.
 * They get the same error body and headers as everything else, and the connection is closed.
 *
 * On a connection that has carried a request before, nothing is said: a 400 here could be taken for the answer to a
 * payment that is still under way. Nor on one that nothing was asked on yet: browsers open some ahead, and take what they find on
 * them for the answer to whatever they ask first, be it the sign-in of somebody who types slowly.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  requestId: string,
  hasCarriedRequests: boolean,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasCarriedRequests || socket.bytesRead === 0) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const body = toJson(refusal.toBody(requestId));
  const headers = {
    ...SECURE_HEADERS,
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(new TextEncoder().encode(body).length),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${refusal.status} ${refusal.status === 413 ? 'Payload Too Large' : 'Bad Request'}\r\n${lines.join('')}\r\n${body}`,
  );
}

const refusalOf = (code: string | undefined): WaiaasError => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new WaiaasError('PAYLOAD_TOO_LARGE', {
        message: 'The request headers are too large.',
        hint: 'Send fewer or shorter headers.',
      });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return validationError([{ path: '', code: 'timeout', message: 'the request did not arrive in time' }]);
    default:
      return validationError([{ path: '', code: 'invalid_http', message: 'the request is not well-formed HTTP' }]);
  }
};
