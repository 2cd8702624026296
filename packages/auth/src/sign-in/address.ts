import { keccak_256 } from '@noble/hashes/sha3.js';
import { base58 } from '@scure/base';
import type { OwnerChain } from '@waiaas/core';

/** An EVM address with the checksum of EIP-55. */
function checksummed(digits: string): string {
  const hash = Buffer.from(keccak_256(Buffer.from(digits, 'ascii'))).toString('hex');
  return `0x${[...digits].map((digit, index) => (hash.charAt(index) >= '8' ? digit.toUpperCase() : digit)).join('')}`;
}

/** The 32 bytes of a Solana address, or null when it is none. */
export function solanaPublicKey(address: string): Uint8Array | null {
  if (!/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(address)) return null;
  const bytes = base58.decode(address);
  return bytes.length === 32 ? bytes : null;
}

/**
 * The one spelling of an address, or null when it is none. Solana addresses have only one; of an EVM address every
 * spelling without letters of both cases is accepted, and mixed ones only with the right checksum.
 */
export function canonicalAddress(chain: OwnerChain, address: string): string | null {
  if (chain === 'solana') return solanaPublicKey(address) === null ? null : address;
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) return null;
  const digits = address.slice(2);
  const canonical = checksummed(digits.toLowerCase());
  const oneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  return oneCase || canonical === address ? canonical : null;
}

/** The address of an uncompressed secp256k1 public key of 65 bytes. */
export const evmAddress = (publicKey: Uint8Array): string =>
  checksummed(Buffer.from(keccak_256(publicKey.subarray(1)).subarray(12)).toString('hex'));
