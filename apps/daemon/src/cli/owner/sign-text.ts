import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { base58 } from '@scure/base';
import type { OwnerKey } from './key-file.ts';

/**
 * Signs a message as a wallet does: the UTF-8 bytes themselves with Ed25519 on Solana, EIP-191 `personal_sign` on
 * Ethereum (03 §5). The key is the owner's own and comes from a file of theirs; keys of agents are signed with in the
 * keystore and nowhere else.
 *
 * @returns base58 of 64 bytes on Solana, 0x and 65 bytes in hex on Ethereum
 */
export function signText({ wallet, secret }: OwnerKey, message: string): string {
  const text = new TextEncoder().encode(message);
  if (wallet.chain === 'solana') return base58.encode(ed25519.sign(text, secret));
  const prefix = new TextEncoder().encode(`\x19Ethereum Signed Message:\n${text.length}`);
  const digest = keccak_256(Buffer.concat([prefix, text]));
  const [recovery = 0, ...body] = secp256k1.sign(digest, secret, { prehash: false, lowS: true, format: 'recovered' });
  return `0x${Buffer.from([...body, 27 + recovery]).toString('hex')}`;
}
