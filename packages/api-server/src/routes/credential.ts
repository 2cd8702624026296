import { validationError } from '@waiaas/core';
import type { FastifyRequest } from 'fastify';

/** What a request shows to say who it is from. Told by its form alone; nothing has been checked yet. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'operator token'; readonly token: string }
  /** A session token: none of the credentials that routes of the operator and the owner take. */
  | { readonly kind: 'session token' }
  /** Anything else after `Bearer`: an owner's payload, if it can be read. */
  | { readonly kind: 'owner'; readonly authorization: string };

const OPERATOR_BEARER = /^Bearer (wai_op_[\x21-\x7e]{1,512})$/;
/** The scheme's name has no case (RFC 9110 §11.1). */
const OWNER_BEARER = /^bearer [^\s]+$/i;
const SESSION_BEARER = /^bearer wai_sess_/i;

/** The X-Master-Password header, as it is. */
export const masterPasswordOf = (request: FastifyRequest): string | undefined => {
  const value = request.headers['x-master-password'];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** What the Authorization header shows. */
export function bearerOf(request: FastifyRequest): Exclude<Credential, { kind: 'password' }> {
  const { authorization } = request.headers;
  if (authorization === undefined || authorization === '') return { kind: 'none' };
  const token = OPERATOR_BEARER.exec(authorization)?.[1];
  if (token !== undefined) return { kind: 'operator token', token };
  if (SESSION_BEARER.test(authorization)) return { kind: 'session token' };
  if (/^bearer wai_op_/i.test(authorization) || !OWNER_BEARER.test(authorization)) return { kind: 'none' };
  return { kind: 'owner', authorization };
}

/**
 * The one credential of a request.
 * @throws WaiaasError VALIDATION_ERROR when there are two: which of them counts must not be a matter of taste
 */
export function credentialOf(request: FastifyRequest): Credential {
  const password = masterPasswordOf(request);
  if (password === undefined) return bearerOf(request);
  if (request.headers.authorization === undefined) return { kind: 'password', password };
  throw validationError([
    {
      path: 'headers',
      code: 'custom',
      message: 'either X-Master-Password or Authorization, not both',
    },
  ]);
}
