import sodium from 'sodium-native';
import { encodeBase58 } from './base58.ts';
import type { SigningAlgorithm } from './signing-algorithm.ts';

/**
 * Ed25519 by libsodium, straight from guarded memory: no copy of the key is made. The slot holds libsodium's secret key
 * (seed and public key); the address is the public key in base58.
 */
export const ed25519: SigningAlgorithm = {
  generate(slot) {
    const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
    sodium.crypto_sign_keypair(publicKey, slot);
    return encodeBase58(publicKey);
  },
  install(slot, secret) {
    const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
    sodium.crypto_sign_seed_keypair(publicKey, slot, secret);
    return encodeBase58(publicKey);
  },
  sign(slot, message) {
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
    sodium.crypto_sign_detached(signature, message, slot);
    return new Uint8Array(signature.buffer);
  },
};
