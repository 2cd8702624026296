import type { Buffer } from 'node:buffer';
import { validationError, WaiaasError } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';

/** Largest request body, bytes (06 §1.7). */
export const BODY_LIMIT = 65_536;

const JSON_UTF8 = /^application\/json[\t ]*(?:;[\t ]*(?:charset="?utf-8"?)?[\t ]*)?$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

const malformed = (message: string) => validationError([{ path: '', code: 'invalid_json', message }]);

/**
 * Makes JSON in UTF-8 the only kind of body there is (06 §1.7). An empty one is no body. Bytes that are not UTF-8 are
 * refused rather than replaced, and so are `__proto__` and `constructor.prototype` keys, at any depth.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!JSON_UTF8.test(request.headers['content-type'] ?? '')) return done(new WaiaasError('UNSUPPORTED_MEDIA_TYPE'));
    if (request.plan !== null && request.plan.action !== null) request.rawBody = body;
    if (body.length === 0) return done(null, undefined);
    const text = decode(body);
    if (text === null) return done(malformed('the body must be UTF-8'));
    parse(request, text, (error, value) =>
      error === null ? done(null, value) : done(malformed('the body must be well-formed JSON without __proto__ keys')),
    );
  });
}

function decode(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
