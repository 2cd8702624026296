import type { Chain } from '@waiaas/core';
import { ed25519 } from './ed25519.ts';
import { secp256k1Recoverable } from './secp256k1.ts';

/** Bytes of a stored secret: an Ed25519 seed or a secp256k1 scalar. */
export const SECRET_LENGTH = 32;

/** How keys of a chain are made and used. The slot is guarded memory of `SLOT_LENGTH` bytes; its first 32 are the secret. */
export interface SigningAlgorithm {
  /** Fills a slot with a new key and tells its address. */
  generate(slot: Buffer): string;
  /** Fills a slot from a secret and tells the address that belongs to it; null when no key has that secret. */
  install(slot: Buffer, secret: Buffer): string | null;
  /** Signs with the key in a slot, which is only read. */
  sign(slot: Buffer, message: Buffer): Uint8Array;
}

const ALGORITHMS: Readonly<Record<Chain, SigningAlgorithm>> = {
  solana: ed25519,
  ethereum: secp256k1Recoverable,
  polygon: secp256k1Recoverable,
  arbitrum: secp256k1Recoverable,
  base: secp256k1Recoverable,
};

/** The algorithm of a chain. */
export const algorithmOf = (chain: Chain): SigningAlgorithm => ALGORITHMS[chain];
