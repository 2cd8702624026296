import type { Chain } from './network.ts';

const BASE58_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const EVM = /^0x[0-9a-fA-F]{40}$/;
const SOLANA_ADDRESS_BYTES = 32;

/** How many bytes a base58 text stands for; each leading `1` is a leading zero byte. */
function base58Length(text: string): number {
  let value = 0n;
  for (const digit of text) value = value * 58n + BigInt(BASE58_ALPHABET.indexOf(digit));
  const zeros = text.length - text.replace(/^1+/, '').length;
  return zeros + (value === 0n ? 0 : Math.ceil(value.toString(16).length / 2));
}

/**
 * Whether a text is an address of a chain by its form: base58 of exactly 32 bytes on Solana, `0x` and 40 hexadecimal
 * digits on EVM chains (04 §11). Says nothing about whether anybody holds its key.
 * @example isWalletAddress('solana', '11111111111111111111111111111111') // true
 */
export const isWalletAddress = (chain: Chain, text: string): boolean =>
  chain === 'solana' ? BASE58.test(text) && base58Length(text) === SOLANA_ADDRESS_BYTES : EVM.test(text);

/**
 * The form in which two addresses of a chain are compared: to the letter on Solana, where case is part of the value;
 * without regard to case on EVM chains, where it is a checksum at most (04 §11, fix C18).
 * @example addressKey('ethereum', '0xAbC…') // "0xabc…"
 */
export const addressKey = (chain: Chain, address: string): string =>
  chain === 'solana' ? address : address.toLowerCase();
