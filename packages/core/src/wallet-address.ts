import type { Chain } from './network.ts';

const BASE58_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const EVM = /^0x[0-9a-fA-F]{40}$/;
const SOLANA_ADDRESS_BYTES = 32;

/** Value of each base58 digit by its character code. */
const DIGITS: readonly number[] = Array.from({ length: 128 }, (_, code) =>
  BASE58_ALPHABET.indexOf(String.fromCharCode(code)),
);
/** Nine digits at a time: the most whose value a number holds exactly. */
const STEP = 9;
const STEPS: readonly bigint[] = Array.from({ length: STEP + 1 }, (_, digits) => 58n ** BigInt(digits));

/** Whether a base58 text stands for exactly so many bytes; each leading `1` is a leading zero byte. */
function isBase58Of(bytes: number, text: string): boolean {
  let zeros = 0;
  while (zeros < text.length && text[zeros] === '1') zeros += 1;
  if (zeros === text.length) return zeros === bytes;
  let value = 0n;
  for (let start = zeros; start < text.length; start += STEP) {
    const end = Math.min(start + STEP, text.length);
    let part = 0;
    for (let at = start; at < end; at++) part = part * 58 + (DIGITS[text.charCodeAt(at)] ?? 0);
    value = value * (STEPS[end - start] ?? 1n) + BigInt(part);
  }
  const bits = BigInt(8 * (bytes - zeros));
  return zeros < bytes && value >> bits === 0n && value >> (bits - 8n) !== 0n;
}

/**
 * Whether a text is an address of a chain by its form: base58 of exactly 32 bytes on Solana, `0x` and 40 hexadecimal
 * digits on EVM chains (04 §11). Says nothing about whether anybody holds its key.
 * @example isWalletAddress('solana', '11111111111111111111111111111111') // true
 */
export const isWalletAddress = (chain: Chain, text: string): boolean =>
  chain === 'solana' ? BASE58.test(text) && isBase58Of(SOLANA_ADDRESS_BYTES, text) : EVM.test(text);

/**
 * The form in which two addresses of a chain are compared: to the letter on Solana, where case is part of the value;
 * without regard to case on EVM chains, where it is a checksum at most (04 §11, fix C18).
 * @example addressKey('ethereum', '0xAbC…') // "0xabc…"
 */
export const addressKey = (chain: Chain, address: string): string =>
  chain === 'solana' ? address : address.toLowerCase();
