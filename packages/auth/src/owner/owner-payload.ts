import { OWNER_ACTIONS, ownerChainSchema, WaiaasError } from '@waiaas/core';
import { z } from 'zod';
import { SIGN_IN_MAX_LENGTH } from '../sign-in/sign-in-message.ts';

/** Longest header that is looked at, characters (03 §15.1). */
const MAX_LENGTH = 8192;
/** The scheme's name has no case (RFC 9110 §11.1); everything after it has. */
const BEARER = /^bearer ([A-Za-z0-9_-]+)$/i;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;
const JSON_STRING = /"(?:[^"\\]|\\.)*"/g;

/** Date.parse turns 30 February into 2 March; a time that is none must not become another. */
function isTimestamp(text: string): boolean {
  const ms = TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === text.slice(0, 19);
}

const ownerPayloadSchema = z.strictObject({
  chain: ownerChainSchema,
  address: z.string().min(1).max(64),
  action: z.enum(OWNER_ACTIONS),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  timestamp: z.string().refine(isTimestamp),
  message: z.string().min(1).max(SIGN_IN_MAX_LENGTH),
  signature: z.string().min(1).max(256),
});
/** What an owner's request carries in its Authorization header (03 §15.1). */
export type OwnerPayload = z.infer<typeof ownerPayloadSchema>;

const FIELDS = Object.keys(ownerPayloadSchema.shape).length;

const malformed = (): WaiaasError => new WaiaasError('INVALID_SIGNATURE');

/**
 * Reads the Authorization header of an owner's request: `Bearer` and base64url of JSON. The alphabet is checked first,
 * because Node's decoder skips what does not belong to it. A field given twice is refused, because readers differ about
 * which of the two counts.
 * @throws WaiaasError UNAUTHORIZED when there is none, INVALID_SIGNATURE when it is malformed
 */
export function readOwnerPayload(authorization: string | undefined): OwnerPayload {
  if (authorization === undefined || authorization === '') throw new WaiaasError('UNAUTHORIZED');
  if (authorization.length > MAX_LENGTH) throw malformed();
  const encoded = BEARER.exec(authorization)?.[1];
  if (encoded === undefined) throw malformed();
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  // Whatever was not UTF-8 comes out differently, and so does a last character with bits to spare.
  if (Buffer.from(text, 'utf8').toString('base64url') !== encoded) throw malformed();
  const parsed = ownerPayloadSchema.safeParse(parseJson(text));
  if (!parsed.success) throw malformed();
  // The schema admits nothing but texts under known names: more texts than two for each is a name written twice.
  if (text.match(JSON_STRING)?.length !== 2 * FIELDS) throw malformed();
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed();
    throw error;
  }
}

/** The header of a request, from its payload: what a client sends. */
export const ownerAuthorization = (payload: OwnerPayload): string =>
  `Bearer ${Buffer.from(JSON.stringify(payload), 'utf8').toString('base64url')}`;
