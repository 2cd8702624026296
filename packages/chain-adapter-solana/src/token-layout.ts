import { type Address, getAddressDecoder } from '@solana/kit';
import { TOKEN_2022_PROGRAM, type TokenProgram } from './programs.ts';

/** One extension of Token-2022, as it stands in an account. */
export interface TokenExtension {
  readonly type: number;
  readonly value: Uint8Array;
}

/** A mint: what a token is. */
export interface MintLayout {
  readonly decimals: number;
  readonly extensions: readonly TokenExtension[];
}

/** A token account: what somebody holds of a token. */
export interface TokenAccountLayout {
  readonly mint: Address;
  /** Whoever may move it. */
  readonly owner: Address;
  readonly amount: bigint;
  readonly isFrozen: boolean;
  readonly extensions: readonly TokenExtension[];
}

/*
 * Layout of both programs (02 §13): a mint has 82 bytes, an account 165. With extensions, a mint is padded with zeros to 165;
 * byte 165 says which of the two it is; then each extension has two bytes of type, two of length, and its value. Multisigs have
 * 355 bytes, and nothing else of these programs has.
 */
const MINT_BYTES = 82;
/** Bytes of a token account up to its extensions. */
export const TOKEN_ACCOUNT_BYTES = 165;
const MULTISIG_BYTES = 355;
const KIND_MINT = 1;
const KIND_ACCOUNT = 2;
const EXTENSIONS_AT = TOKEN_ACCOUNT_BYTES + 1;
const HEADER_BYTES = 4;

/** Bytes of a token account of a wallet under each program; Token-2022 marks its owner as immutable. */
export const associatedAccountBytes = (program: TokenProgram): bigint =>
  BigInt(program === TOKEN_2022_PROGRAM ? EXTENSIONS_AT + HEADER_BYTES : TOKEN_ACCOUNT_BYTES);

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);
const isZero = (data: Uint8Array): boolean => data.every((byte) => byte === 0);

/** Extensions from the bytes after the kind; null when they are not well formed. */
function readExtensions(data: Uint8Array): readonly TokenExtension[] | null {
  const view = viewOf(data);
  const extensions: TokenExtension[] = [];
  let offset = EXTENSIONS_AT;
  while (offset + HEADER_BYTES <= data.length) {
    const type = view.getUint16(offset, true);
    // Type 0 is room that is not used yet.
    if (type === 0) break;
    const start = offset + HEADER_BYTES;
    const end = start + view.getUint16(offset + 2, true);
    if (end > data.length) return null;
    extensions.push({ type, value: data.slice(start, end) });
    offset = end;
  }
  return isZero(data.subarray(offset)) ? extensions : null;
}

/** Extensions of an account of one kind; null when it is of another kind, or malformed. */
function extensionsOf(
  program: TokenProgram,
  data: Uint8Array,
  plainBytes: number,
  kind: number,
): readonly TokenExtension[] | null {
  if (data.length === plainBytes) return [];
  const isExtended =
    program === TOKEN_2022_PROGRAM && data.length > TOKEN_ACCOUNT_BYTES && data.length !== MULTISIG_BYTES;
  if (!isExtended || data[TOKEN_ACCOUNT_BYTES] !== kind || !isZero(data.subarray(plainBytes, TOKEN_ACCOUNT_BYTES)))
    return null;
  return readExtensions(data);
}

/** Reads a mint; null when the account is none, is not set up, or cannot be read to its last byte. */
export function readMint(program: TokenProgram, data: Uint8Array): MintLayout | null {
  const extensions = extensionsOf(program, data, MINT_BYTES, KIND_MINT);
  const [decimals, isInitialized] = [data[44], data[45]];
  if (extensions === null || decimals === undefined || isInitialized !== 1) return null;
  return { decimals, extensions };
}

const STATE_INITIALIZED = 1;
const STATE_FROZEN = 2;

/** Reads a token account; null when the account is none, is not set up, or cannot be read to its last byte. */
export function readTokenAccount(program: TokenProgram, data: Uint8Array): TokenAccountLayout | null {
  const extensions = extensionsOf(program, data, TOKEN_ACCOUNT_BYTES, KIND_ACCOUNT);
  const state = data[108];
  if (extensions === null || (state !== STATE_INITIALIZED && state !== STATE_FROZEN)) return null;
  const addressAt = (offset: number): Address => getAddressDecoder().decode(data, offset);
  return {
    mint: addressAt(0),
    owner: addressAt(32),
    amount: viewOf(data).getBigUint64(64, true),
    isFrozen: state === STATE_FROZEN,
    extensions,
  };
}
