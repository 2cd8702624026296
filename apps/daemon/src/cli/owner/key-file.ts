import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { base58 } from '@scure/base';
import { canonicalAddress } from '@waiaas/auth';
import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';
import type { OwnerWallet } from './check-message.ts';
import { readSmallFile } from './text-file.ts';

/** The key of an owner's wallet, for as long as a signature takes. */
export interface OwnerKey {
  readonly wallet: OwnerWallet;
  /** 32 bytes: the seed on Solana, the scalar on Ethereum. Overwritten once it has been used. */
  readonly secret: Uint8Array;
}

const unusable = (path: string, problem: string, hint?: string): CliError =>
  new CliError({
    code: 'KEY_FILE_UNUSABLE',
    message: `The key file ${path} ${problem}`,
    hint:
      hint ??
      'A key file holds a list of 64 bytes, as the Solana tools write it, or 0x and 64 hexadecimal digits for Ethereum.',
    exitCode: EXIT.FAILURE,
  });

/**
 * Lends the key of a file to a function, and overwrites every copy that was made here when it is done. What the
 * arithmetic behind a signature leaves in memory is out of reach; the process ends soon after.
 *
 * The bytes are never made into a string: strings cannot be overwritten.
 *
 * @throws CliError KEY_FILE_UNUSABLE, naming no more than the file; USAGE when it cannot be read
 */
export function withOwnerKey<T>(path: string, option: string, use: (key: OwnerKey) => T): T {
  const content = readSmallFile(path, option, ({ mode }) => {
    if (process.platform === 'win32' || (mode & 0o077) === 0) return;
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw unusable(path, `can be used by others (mode ${octal}).`, `Take it from them first: chmod 600 ${path}`);
  });
  const secrets: Uint8Array[] = [content];
  try {
    const end = content.findLastIndex((byte) => !isBlank(byte)) + 1;
    const text = content.subarray(0, end);
    const key = text[0] === OPENING_BRACKET ? solanaKey(text, secrets) : ethereumKey(text, secrets);
    if (key === null) throw unusable(path, 'does not hold a key.');
    return use(key);
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}

/** The wallet a key file belongs to. @throws CliError as `withOwnerKey` */
export const walletOfKeyFile = (path: string, option: string): OwnerWallet =>
  withOwnerKey(path, option, ({ wallet }) => wallet);

const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** 64 bytes: the seed, then the public key, which must be the one that belongs to it. */
function solanaKey(text: Uint8Array, secrets: Uint8Array[]): OwnerKey | null {
  const bytes = new Uint8Array(64);
  secrets.push(bytes);
  if (!readByteList(text, bytes)) return null;
  const secret = bytes.subarray(0, 32);
  const publicKey = ed25519.getPublicKey(secret);
  if (!publicKey.every((byte, index) => byte === bytes[32 + index])) return null;
  return { wallet: { chain: 'solana', address: base58.encode(publicKey) }, secret };
}

/** Reads `[1,2,…]` into a list of bytes of the right length. */
function readByteList(text: Uint8Array, into: Uint8Array): boolean {
  let at = 1;
  const skipBlanks = (): void => {
    while (isBlank(text[at] ?? 0)) at += 1;
  };
  for (let index = 0; index < into.length; index += 1) {
    skipBlanks();
    const start = at;
    let value = 0;
    for (let byte = text[at]; byte !== undefined && isDigit(byte) && at < start + 3; byte = text[at]) {
      value = value * 10 + (byte - 0x30);
      at += 1;
    }
    skipBlanks();
    const last = index === into.length - 1;
    if (at === start || value > 255 || text[at] !== (last ? CLOSING_BRACKET : COMMA)) return false;
    into[index] = value;
    at += 1;
  }
  return at === text.length;
}

/** `0x` and 64 hexadecimal digits. */
function ethereumKey(text: Uint8Array, secrets: Uint8Array[]): OwnerKey | null {
  const secret = new Uint8Array(32);
  secrets.push(secret);
  if (text.length !== 66 || text[0] !== 0x30 || text[1] !== 0x78) return null;
  for (let index = 0; index < 32; index += 1) {
    const high = hexDigit(text[2 + 2 * index]);
    const low = hexDigit(text[3 + 2 * index]);
    if (high < 0 || low < 0) return null;
    secret[index] = high * 16 + low;
  }
  if (!secp256k1.utils.isValidSecretKey(secret)) return null;
  const publicKey = secp256k1.getPublicKey(secret, false);
  const digits = Buffer.from(keccak_256(publicKey.subarray(1)).subarray(12)).toString('hex');
  const address = canonicalAddress('ethereum', `0x${digits}`);
  return address === null ? null : { wallet: { chain: 'ethereum', address }, secret };
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (isDigit(byte)) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
