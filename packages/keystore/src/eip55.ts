import { keccak_256 } from '@noble/hashes/sha3.js';

/**
 * An address of 20 bytes with the mixed-case checksum of EIP-55.
 * @example eip55Address(Buffer.alloc(20)) // "0x0000000000000000000000000000000000000000"
 */
export function eip55Address(address: Uint8Array): string {
  const digits = Buffer.from(address).toString('hex');
  const checksum = Buffer.from(keccak_256(Buffer.from(digits, 'ascii'))).toString('hex');
  const checked = [...digits].map((digit, index) => (checksum.charAt(index) >= '8' ? digit.toUpperCase() : digit));
  return `0x${checked.join('')}`;
}
