import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { base58 } from '@scure/base';
import type { ContractWallet } from '@waiaas/adapter-contract';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const ADDRESS_BYTES = 32;

/** A wallet of Solana's kind, made from 32 bytes. */
export function createSigner(seed: Uint8Array): ContractWallet {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-ADDRESS_BYTES);
  return {
    address: base58.encode(publicKey),
    sign: async (message) => Uint8Array.from(sign(null, message, key)),
  };
}
