import { type Address, address, type EncodedAccount, getAddressDecoder } from '@solana/kit';

/** The two token programs, with the names the RPC gives them in parsed output. */
export const TOKEN_PROGRAMS: ReadonlyMap<Address, string> = new Map<Address, string>([
  [address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'), 'spl-token'],
  [address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'), 'spl-token-2022'],
]);

const MINT_BYTES = 82;
const ACCOUNT_BYTES = 165;
/** Where an extended account or mint says which of the two it is. */
const KIND_OFFSET = 165;
const KIND_MINT = 1;
const KIND_ACCOUNT = 2;

export interface TokenAccount {
  readonly mint: Address;
  readonly owner: Address;
  readonly amount: bigint;
  readonly delegate: Address | undefined;
  readonly delegatedAmount: bigint;
  readonly state: 'uninitialized' | 'initialized' | 'frozen';
  /** Rent reserve of a wrapped-SOL account; undefined for other tokens. */
  readonly nativeReserve: bigint | undefined;
  readonly closeAuthority: Address | undefined;
}

export interface Mint {
  readonly mintAuthority: Address | undefined;
  readonly supply: bigint;
  readonly decimals: number;
  readonly isInitialized: boolean;
  readonly freezeAuthority: Address | undefined;
}

/** Reads a token account of either program; undefined when the account is something else. */
export function readTokenAccount(account: EncodedAccount): TokenAccount | undefined {
  if (!isToken(account, ACCOUNT_BYTES, KIND_ACCOUNT)) return undefined;
  const data = Buffer.from(account.data);
  const states = ['uninitialized', 'initialized', 'frozen'] as const;
  return {
    mint: addressAt(data, 0),
    owner: addressAt(data, 32),
    amount: data.readBigUInt64LE(64),
    delegate: optionalAddressAt(data, 72),
    state: states[data.readUInt8(108)] ?? 'uninitialized',
    nativeReserve: data.readUInt32LE(109) === 0 ? undefined : data.readBigUInt64LE(113),
    delegatedAmount: data.readBigUInt64LE(121),
    closeAuthority: optionalAddressAt(data, 129),
  };
}

/** Reads a mint of either program; undefined when the account is something else. */
export function readMint(account: EncodedAccount): Mint | undefined {
  if (!isToken(account, MINT_BYTES, KIND_MINT)) return undefined;
  const data = Buffer.from(account.data);
  return {
    mintAuthority: optionalAddressAt(data, 0),
    supply: data.readBigUInt64LE(36),
    decimals: data.readUInt8(44),
    isInitialized: data.readUInt8(45) === 1,
    freezeAuthority: optionalAddressAt(data, 46),
  };
}

function isToken(account: EncodedAccount, plainBytes: number, kind: number): boolean {
  if (!TOKEN_PROGRAMS.has(account.programAddress)) return false;
  return (
    account.data.length === plainBytes || (account.data.length > KIND_OFFSET && account.data[KIND_OFFSET] === kind)
  );
}

function addressAt(data: Uint8Array, offset: number): Address {
  return getAddressDecoder().decode(data, offset);
}

function optionalAddressAt(data: Buffer, offset: number): Address | undefined {
  return data.readUInt32LE(offset) === 0 ? undefined : addressAt(data, offset + 4);
}
