import { chainSchema, WaiaasError } from '@waiaas/core';
import { z } from 'zod';
import { OWNER_ACTIONS } from './owner-action.ts';

/** Longest header that is looked at, characters. */
const MAX_LENGTH = 8192;
const BEARER = /^bearer ([A-Za-z0-9_-]+)$/i;

const ownerPayloadSchema = z.strictObject({
  chain: chainSchema,
  address: z.string().min(1).max(64),
  action: z.enum(OWNER_ACTIONS),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  timestamp: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/),
  message: z.string().min(1).max(4096),
  signature: z.string().min(1).max(256),
});
/** What an owner's request carries in its Authorization header (03 §15.1). */
export type OwnerPayload = z.infer<typeof ownerPayloadSchema>;

const malformed = (): WaiaasError => new WaiaasError('INVALID_SIGNATURE');

/**
 * Reads the Authorization header of an owner's request: `Bearer` and base64url of JSON. The alphabet is checked first,
 * because Node's decoder skips what does not belong to it.
 * @throws WaiaasError UNAUTHORIZED when there is none, INVALID_SIGNATURE when it is malformed
 */
export function readOwnerPayload(authorization: string | undefined): OwnerPayload {
  if (authorization === undefined || authorization === '') throw new WaiaasError('UNAUTHORIZED');
  if (authorization.length > MAX_LENGTH) throw malformed();
  const encoded = BEARER.exec(authorization)?.[1];
  if (encoded === undefined) throw malformed();
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  if (Buffer.from(text, 'utf8').toString('base64url') !== encoded) throw malformed();
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed();
    throw error;
  }
  const parsed = ownerPayloadSchema.safeParse(raw);
  if (!parsed.success || Number.isNaN(Date.parse(parsed.data.timestamp))) throw malformed();
  return parsed.data;
}

/** The header of a request, from its payload: what a client sends. */
export const ownerAuthorization = (payload: OwnerPayload): string =>
  `Bearer ${Buffer.from(JSON.stringify(payload), 'utf8').toString('base64url')}`;
