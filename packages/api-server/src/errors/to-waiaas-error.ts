import { isWaiaasError, validationError, WaiaasError } from '@waiaas/core';
import type { FastifyRequest } from 'fastify';
import { routeNotFound } from '../hooks/not-found.ts';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';

/**
 * The error of the catalogue that answers for something thrown. Errors of the framework that are the client's doing get
 * their own codes; everything unknown is INTERNAL_ERROR and nothing else, so that no bug can pass for a verdict (09).
 */
export function toWaiaasError(error: unknown, request: FastifyRequest): WaiaasError {
  if (isWaiaasError(error)) return error;
  switch (codeOf(error)) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new WaiaasError('PAYLOAD_TOO_LARGE');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new WaiaasError('UNSUPPORTED_MEDIA_TYPE');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      // A service whose own connection breaks says so in an error of the catalogue; here the body was cut short.
      return isBodyError(error)
        ? validationError([issue('', 'incomplete', 'the body is not complete')])
        : internal(error);
    case 'FST_ERR_BAD_URL':
      return validationError([issue('url', 'invalid_url', 'the path is not well-formed')]);
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return validationError([issue('url', 'too_big', 'a part of the path is too long')]);
    case 'FST_ERR_NOT_FOUND':
      return routeNotFound(request);
    default:
      return internal(error);
  }
}

const issue = (path: string, code: string, message: string) => ({ path, code, message });

const internal = (cause: unknown): WaiaasError => new WaiaasError('INTERNAL_ERROR', { cause });

/** The framework marks what went wrong while it read a body with the status 400. */
const isBodyError = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 400;
