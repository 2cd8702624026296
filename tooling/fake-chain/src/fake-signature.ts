import { base58 } from '@scure/base';
import sodium from 'sodium-native';

/** Length of a signature; the id of a transaction is its signature in hexadecimal. */
export const SIGNATURE_BYTES = sodium.crypto_sign_BYTES;

const keys = new Map<string, Buffer | null>();

function keyOf(address: string): Buffer | null {
  const known = keys.get(address);
  if (known !== undefined) return known;
  let key: Buffer | null = null;
  try {
    const bytes = Buffer.from(base58.decode(address));
    if (bytes.length === sodium.crypto_sign_PUBLICKEYBYTES) key = bytes;
  } catch {
    // An address that is no key has no signatures; that it is asked for again must not cost more.
  }
  keys.set(address, key);
  return key;
}

/** Whether a signature is one of this address over these bytes, as the real chain would check. */
export function isSignedBy(address: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = keyOf(address);
  return (
    key !== null &&
    signature.length === SIGNATURE_BYTES &&
    sodium.crypto_sign_verify_detached(Buffer.from(signature), Buffer.from(message), key)
  );
}

/** Whether a text is a transaction id of the fake chain. */
export const isTransactionHash = (text: string): boolean => /^[0-9a-f]{128}$/.test(text);
