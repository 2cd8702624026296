import { sha256 } from '@noble/hashes/sha2.js';
import { base64urlnopad, hex } from '@scure/base';
import type { NonceResponse, OwnerAction } from '@waiaas/core';
import {
  layOutSignIn,
  requestPreimage,
  requestResource,
  SIGN_IN_CHAIN_ID,
  SIGN_IN_LIFE_MS,
  uriOfDomain,
} from '@waiaas/core/owner-text';
import { WAIaaSError } from '../error.ts';
import type { OwnerSigner } from './owner-signer.ts';

/** What a signature says and what it is bound to (03 §5.4). */
export interface SignedPurpose {
  readonly statement: string;
  readonly resource: string;
}

/** A text with its signature. */
export interface SignedText {
  readonly message: string;
  readonly signature: string;
  readonly nonce: string;
  /** ISO 8601, UTC. */
  readonly issuedAt: string;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** SHA-256 of a text, lower-case hex. */
const sha256Hex = (text: string): string => hex.encode(sha256(bytes(text)));

/** What a signature over a request is bound to: its method, its path with the query, and its body to the byte. */
export const resourceOfRequest = (method: string, path: string, body = ''): string =>
  requestResource(sha256Hex(requestPreimage(method, path) + body));

const refused = (message: string): WAIaaSError =>
  new WAIaaSError({
    code: 'MESSAGE_REFUSED',
    message: `${message} Nothing was signed.`,
    statusCode: 0,
    retryable: false,
  });

/**
 * Has a wallet sign one text. The text is laid out here, from what the caller asked for; the daemon adds nothing to it but
 * its nonce, so that a daemon that was tampered with cannot have something else signed.
 *
 * The time is the daemon's, by the end of the nonce: a wrong clock of this machine does no harm.
 *
 * @param host host and port of the daemon
 * @throws WAIaaSError SIGNER_ERROR, MESSAGE_REFUSED
 */
export async function signText(
  signer: OwnerSigner,
  host: string,
  { nonce, expiresAt }: NonceResponse,
  { statement, resource }: SignedPurpose,
): Promise<SignedText> {
  const expirationTime = Date.parse(expiresAt);
  if (!/^[0-9a-f]{32}$/.test(nonce) || Number.isNaN(expirationTime)) throw refused('The daemon gave no nonce.');
  // A line feed in it would begin another field of the text.
  if (!/^[\x20-\x7e]+$/.test(statement)) throw refused('What is to be signed is not one line of plain text.');
  const issuedAt = expirationTime - SIGN_IN_LIFE_MS;
  const message = layOutSignIn({
    chain: signer.chain,
    domain: host,
    address: signer.address,
    statement,
    uri: uriOfDomain(host),
    chainId: SIGN_IN_CHAIN_ID,
    nonce,
    issuedAt,
    expirationTime,
    resource,
  });
  const signature = await signer.signMessage(message);
  return { message, signature, nonce, issuedAt: new Date(issuedAt).toISOString() };
}

/** The Authorization header of a request that an owner signed (03 §15.1). */
export function ownerAuthorization(
  { chain, address }: OwnerSigner,
  action: OwnerAction,
  { message, signature, nonce, issuedAt: timestamp }: SignedText,
): string {
  const payload = { chain, address, action, nonce, timestamp, message, signature };
  return `Bearer ${base64urlnopad.encode(bytes(JSON.stringify(payload)))}`;
}
