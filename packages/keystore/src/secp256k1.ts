import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import sodium from 'sodium-native';
import type { SigningAlgorithm } from './signing-algorithm.ts';

const SECRET_LENGTH = 32;
const DIGEST_LENGTH = 32;

/** Address of an uncompressed public key, with the mixed-case checksum of EIP-55. */
function addressOf(publicKey: Uint8Array): string {
  const digits = Buffer.from(keccak_256(publicKey.subarray(1)).subarray(12)).toString('hex');
  const checksum = keccak_256(Buffer.from(digits, 'ascii'));
  const checked = [...digits].map((digit, index) => {
    const nibble = ((checksum[index >> 1] ?? 0) >> (index % 2 === 0 ? 4 : 0)) & 0xf;
    return nibble >= 8 ? digit.toUpperCase() : digit;
  });
  return `0x${checked.join('')}`;
}

const addressOfSecret = (secret: Buffer): string => addressOf(secp256k1.getPublicKey(secret, false));

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
    if (!secp256k1.utils.isValidSecretKey(secret)) throw new RangeError('Not a secp256k1 scalar');
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
