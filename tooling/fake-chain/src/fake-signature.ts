import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { base58 } from '@scure/base';

/** Length of a signature; the id of a transaction is its signature in hexadecimal. */
export const SIGNATURE_BYTES = 64;

/** DER frame of an Ed25519 public key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const keys = new Map<string, KeyObject | null>();

function keyOf(address: string): KeyObject | null {
  const known = keys.get(address);
  if (known !== undefined) return known;
  let key: KeyObject | null = null;
  try {
    key = createPublicKey({ key: Buffer.concat([SPKI, base58.decode(address)]), format: 'der', type: 'spki' });
  } catch {
    // An address that is no key has no signatures; that it is asked for again must not cost more.
  }
  keys.set(address, key);
  return key;
}

/** Whether a signature is one of this address over these bytes, as the real chain would check. */
export function isSignedBy(address: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = keyOf(address);
  return key !== null && signature.length === SIGNATURE_BYTES && verify(null, message, key, signature);
}

/** Whether a text is a transaction id of the fake chain. */
export const isTransactionHash = (text: string): boolean => /^[0-9a-f]{128}$/.test(text);
