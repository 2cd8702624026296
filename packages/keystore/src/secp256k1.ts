import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import sodium from 'sodium-native';
import { eip55Address } from './eip55.ts';
import type { SigningAlgorithm } from './signing-algorithm.ts';

const SECRET_LENGTH = 32;
const DIGEST_LENGTH = 32;

/** The last 20 bytes of the hash of the uncompressed public key, without its prefix byte. */
const addressOfSecret = (secret: Buffer): string =>
  eip55Address(keccak_256(secp256k1.getPublicKey(secret, false).subarray(1)).subarray(12));

/**
 * Recoverable secp256k1 ECDSA over a digest, for EVM chains: deterministic nonce (RFC 6979), low s, 65 bytes r, s and
 * the recovery bit 0 or 1. The scalar is in guarded memory; the arithmetic is JavaScript and leaves big integers to the
 * garbage collector, which cannot be overwritten.
 */
export const secp256k1Recoverable: SigningAlgorithm = {
  generate(slot) {
    const secret = slot.subarray(0, SECRET_LENGTH);
    do sodium.randombytes_buf(secret);
    while (!secp256k1.utils.isValidSecretKey(secret));
    return addressOfSecret(secret);
  },
  install(slot, secret) {
    if (!secp256k1.utils.isValidSecretKey(secret)) return null;
    slot.fill(0);
    slot.set(secret);
    return addressOfSecret(secret);
  },
  sign(slot, message) {
    if (message.length !== DIGEST_LENGTH) throw new RangeError('A secp256k1 signature covers a digest of 32 bytes');
    const signature = secp256k1.sign(message, slot.subarray(0, SECRET_LENGTH), {
      prehash: false,
      lowS: true,
      format: 'recovered',
    });
    // noble puts the recovery bit first; the chains want it last.
    const ordered = new Uint8Array(signature.length);
    ordered.set(signature.subarray(1));
    ordered.set(signature.subarray(0, 1), signature.length - 1);
    return ordered;
  },
};
