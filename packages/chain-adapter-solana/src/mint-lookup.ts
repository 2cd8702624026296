import type { Address } from '@solana/kit';
import { ChainError, type ChainErrorCode, type Clock } from '@waiaas/core';
import type { AccountFacts } from './account-lookup.ts';
import type { BatchLookup } from './batch-lookup.ts';
import { isTokenProgram, type TokenProgram } from './programs.ts';
import { refusedMintExtension } from './token-extensions.ts';
import { type MintLayout, readMint } from './token-layout.ts';

/** A token that may be paid. */
export interface Mint extends MintLayout {
  readonly address: Address;
  readonly program: TokenProgram;
}

/**
 * Reads what a token is.
 * @throws ChainError INVALID_TOKEN when there is none at that address, UNSUPPORTED_TOKEN when it is of a kind that is refused
 */
export type MintLookup = (address: Address) => Promise<Mint>;

/** What a mint is changes only when it is closed and set up anew, and then the chain refuses what was built before. */
const CACHE_MS = 600_000;
const MAX_CACHED = 100;
/** Bytes of a mint that are read. One that is larger holds more metadata than anybody needs. */
export const MINT_DATA_BYTES = 16_384;
/** Most fraction digits the daemon counts in. */
const MAX_DECIMALS = 18;

const refuse = (code: ChainErrorCode, message: string, details: Readonly<Record<string, unknown>>): ChainError =>
  new ChainError({ code, chain: 'solana', message, details, retryable: false, mayHaveLanded: false });

/**
 * Judges an account that is said to be a mint.
 * @throws ChainError INVALID_TOKEN, UNSUPPORTED_TOKEN naming the extension
 */
export function mintOf(address: Address, { owner, data }: AccountFacts): Mint {
  if (!isTokenProgram(owner)) throw refuse('INVALID_TOKEN', 'There is no token at this address', { mint: address });
  if (data.length >= MINT_DATA_BYTES) {
    throw refuse('UNSUPPORTED_TOKEN', 'The mint of this token is too large', { mint: address });
  }
  const layout = readMint(owner, data);
  if (layout === null) throw refuse('INVALID_TOKEN', 'There is no token at this address', { mint: address });
  const extension = refusedMintExtension(layout.extensions);
  if (extension !== undefined) {
    throw refuse('UNSUPPORTED_TOKEN', `Tokens with the extension ${extension} are not supported`, {
      mint: address,
      extension,
    });
  }
  if (layout.decimals > MAX_DECIMALS) {
    throw refuse('UNSUPPORTED_TOKEN', `Tokens with more than ${MAX_DECIMALS} decimals are not supported`, {
      mint: address,
      decimals: layout.decimals,
    });
  }
  return { ...layout, address, program: owner };
}

/** Creates the look-up of one connection: the hundred mints used last are kept for ten minutes (02 §13). */
export function createMintLookup(account: BatchLookup<Address, AccountFacts>, clock: Clock): MintLookup {
  const known = new Map<Address, { readonly mint: Mint; readonly since: number }>();
  return async (address) => {
    const now = clock.now();
    const entry = known.get(address);
    known.delete(address);
    if (entry !== undefined && now >= entry.since && now - entry.since <= CACHE_MS) {
      known.set(address, entry);
      return entry.mint;
    }
    const mint = mintOf(address, await account(address));
    known.set(address, { mint, since: now });
    const [oldest] = known.keys();
    if (known.size > MAX_CACHED && oldest !== undefined) known.delete(oldest);
    return mint;
  };
}
