import { validationError } from '@waiaas/core';
import type { preValidationHookHandler } from 'fastify';
import { z } from 'zod';

/** Query of routes that take none: a misspelt or unsupported parameter is told, not ignored. */
export const noQuery = z.strictObject({});

/** Routes that take no body refuse one with anything in it; `{}` and nothing at all are the same. */
export const refuseBody: preValidationHookHandler = (request, _reply, done) => {
  const { body } = request;
  if (body === undefined || body === null) return done();
  const keys = typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : [''];
  if (keys.length === 0) return done();
  done(
    validationError(
      keys
        .slice(0, 32)
        .map((key) => ({ path: key.slice(0, 200), code: 'unrecognized_keys', message: 'this route takes no body' })),
    ),
  );
};
