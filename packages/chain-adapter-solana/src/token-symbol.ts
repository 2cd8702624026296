import { type Address, getAddressDecoder, getAddressEncoder, getProgramDerivedAddress } from '@solana/kit';
import type { Clock } from '@waiaas/core';
import type { AccountFacts } from './account-lookup.ts';
import type { BatchLookup } from './batch-lookup.ts';
import type { Mint } from './mint-lookup.ts';
import { METADATA_PROGRAM } from './programs.ts';
import { TOKEN_METADATA } from './token-extensions.ts';

/**
 * Symbols of tokens, for people: from the mint itself or from the metadata program. Anybody may choose any symbol, so one that
 * people could misread, or none at all, becomes a shortened address. Never fails for want of a symbol.
 * @throws ChainError RPC_ERROR, NETWORK_ERROR
 */
export type TokenSymbols = (mint: Mint) => Promise<string>;

const CACHE_MS = 3_600_000;
const MAX_CACHED = 1_000;
/** Where the first text of a metadata record begins: after key, authority and mint, or after authority and mint. */
const RECORD_KEY = 4;
const RECORD_MINT_AT = 33;
const EXTENSION_MINT_AT = 32;
const ADDRESS_BYTES = 32;
/** Longer ones are no symbols. */
const MAX_TEXT_BYTES = 512;

const SYMBOL = /^[\x21-\x7e]{1,10}$/;
const SHOWN = 4;

/** A symbol for a token that has none. @example shortened('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v') // "EPjF..Dt1v" */
export const shortened = (mint: string): string => `${mint.slice(0, SHOWN)}..${mint.slice(-SHOWN)}`;

/** Reads the two texts of a record, name and symbol, and gives the symbol; undefined when they are not there. */
function symbolAt(data: Uint8Array, offset: number): string | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = offset;
  let text: Uint8Array | undefined;
  for (let count = 0; count < 2; count += 1) {
    if (at + 4 > data.length) return undefined;
    const length = view.getUint32(at, true);
    at += 4;
    if (length > MAX_TEXT_BYTES || at + length > data.length) return undefined;
    text = data.subarray(at, at + length);
    at += length;
  }
  return text === undefined ? undefined : new TextDecoder().decode(text).replace(/[\0 ]+$/, '');
}

/** The symbol in a record that is about this very mint. */
function symbolFor(mint: Address, data: Uint8Array, mintAt: number): string | undefined {
  if (data.length < mintAt + ADDRESS_BYTES || getAddressDecoder().decode(data, mintAt) !== mint) return undefined;
  const symbol = symbolAt(data, mintAt + ADDRESS_BYTES);
  return symbol !== undefined && SYMBOL.test(symbol) ? symbol : undefined;
}

async function metadataRecord(mint: Address): Promise<Address> {
  const encode = (address: Address) => getAddressEncoder().encode(address);
  const [record] = await getProgramDerivedAddress({
    programAddress: METADATA_PROGRAM,
    seeds: ['metadata', encode(METADATA_PROGRAM), encode(mint)],
  });
  return record;
}

/** Creates the symbols of one connection, kept for an hour. */
export function createTokenSymbols(account: BatchLookup<Address, AccountFacts>, clock: Clock): TokenSymbols {
  const known = new Map<Address, { readonly symbol: string; readonly since: number }>();

  const find = async ({ address, extensions }: Mint): Promise<string> => {
    const own = extensions.find(({ type }) => type === TOKEN_METADATA);
    const ownSymbol = own === undefined ? undefined : symbolFor(address, own.value, EXTENSION_MINT_AT);
    if (ownSymbol !== undefined) return ownSymbol;
    const { owner, data } = await account(await metadataRecord(address));
    const isRecord = owner === METADATA_PROGRAM && data[0] === RECORD_KEY;
    return (isRecord ? symbolFor(address, data, RECORD_MINT_AT) : undefined) ?? shortened(address);
  };

  return async (mint) => {
    const now = clock.now();
    const entry = known.get(mint.address);
    if (entry !== undefined && now >= entry.since && now - entry.since <= CACHE_MS) return entry.symbol;
    const symbol = await find(mint);
    known.delete(mint.address);
    known.set(mint.address, { symbol, since: now });
    const [oldest] = known.keys();
    if (known.size > MAX_CACHED && oldest !== undefined) known.delete(oldest);
    return symbol;
  };
}
