import { WaiaasError } from '@waiaas/core';
import type { FastifyRequest } from 'fastify';
import { pathOf } from '../path-of.ts';
import type { Step } from './step.ts';

/** The error of a path that is no route (06 §1.11). */
export const routeNotFound = (request: FastifyRequest): WaiaasError =>
  new WaiaasError('ROUTE_NOT_FOUND', { message: `There is no route ${request.method} ${pathOf(request)}` });

/** Last step: a path that is no route ends here, before its body is read. */
export const notFoundGuard: Step = (request) => {
  if (request.is404) throw routeNotFound(request);
  return undefined;
};
