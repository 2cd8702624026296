const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/**
 * Base58 as Bitcoin and Solana write it: leading zero bytes become leading `1`s. For public keys only: the digits pass
 * through ordinary memory.
 */
export function encodeBase58(bytes: Uint8Array): string {
  let zeros = 0;
  while (bytes[zeros] === 0) zeros += 1;
  const digits: number[] = [];
  for (const byte of bytes.subarray(zeros)) {
    let carry = byte;
    for (const [index, digit] of digits.entries()) {
      carry += digit * 256;
      digits[index] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  return '1'.repeat(zeros) + digits.reduceRight((text, digit) => text + ALPHABET.charAt(digit), '');
}
