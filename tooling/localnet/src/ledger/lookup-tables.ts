import { type Address, getAddressDecoder } from '@solana/kit';
import type { LedgerAccount } from './account.ts';
import type { Message } from './wire-transaction.ts';

/** Bytes before the address list of a lookup table account. */
const TABLE_HEADER_BYTES = 56;
const ADDRESS_BYTES = 32;

/** Addresses a message loads from lookup tables, in the order the runtime appends them. */
export interface LoadedAddresses {
  readonly writable: readonly Address[];
  readonly readonly: readonly Address[];
}

/** Resolves the lookups of a message; entries that do not exist are left out (the runtime refuses such a transaction). */
export function loadedAddresses(message: Message, getAccount: (address: Address) => LedgerAccount): LoadedAddresses {
  const lookups = message.version === 0 ? (message.addressTableLookups ?? []) : [];
  const writable: Address[] = [];
  const readonly: Address[] = [];
  for (const lookup of lookups) {
    const table = getAccount(lookup.lookupTableAddress);
    if (!table.exists) continue;
    writable.push(...entries(table.data, lookup.writableIndexes));
    readonly.push(...entries(table.data, lookup.readonlyIndexes));
  }
  return { writable, readonly };
}

function entries(data: ArrayLike<number> & { readonly length: number }, indexes: readonly number[]): Address[] {
  const decoder = getAddressDecoder();
  const bytes = Uint8Array.from(data);
  return indexes
    .map((index) => TABLE_HEADER_BYTES + index * ADDRESS_BYTES)
    .filter((offset) => offset + ADDRESS_BYTES <= bytes.length)
    .map((offset) => decoder.decode(bytes, offset));
}
