import { keccak_256 } from '@noble/hashes/sha3.js';
import { hex } from '@scure/base';

/** Whether a text can be an address of Ethereum, in any spelling. */
export const isEthereumAddress = (text: unknown): text is string =>
  typeof text === 'string' && /^0x[0-9a-fA-F]{40}$/.test(text);

/** The spelling of EIP-55, which messages are written in. */
export function checksumAddress(address: string): string {
  const digits = address.slice(2).toLowerCase();
  const hash = hex.encode(keccak_256(new TextEncoder().encode(digits)));
  const spelt = [...digits].map((digit, index) => ((hash[index] ?? '0') >= '8' ? digit.toUpperCase() : digit));
  return `0x${spelt.join('')}`;
}
