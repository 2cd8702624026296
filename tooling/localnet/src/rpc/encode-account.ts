import { zstdCompressSync } from 'node:zlib';
import { type Address, type EncodedAccount, getBase58Decoder } from '@solana/kit';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import type { LedgerAccount } from '../ledger/account.ts';
import { smallInteger } from './params.ts';
import { parseAccount } from './parse-account.ts';
import { invalidParams } from './rpc-error.ts';

/** What validators report for every rent-exempt account: the largest 64-bit integer. */
const RENT_EXEMPT_EPOCH = 0xffff_ffff_ffff_ffffn;
const MAX_BASE58_BYTES = 128;

/** How account data is to be written. */
export interface AccountEncoding {
  readonly encoding: 'binary' | 'base58' | 'base64' | 'base64+zstd' | 'jsonParsed';
  readonly slice: { readonly offset: number; readonly length: number } | undefined;
}

/** Reads `encoding` and `dataSlice` of a configuration. @throws RpcError −32602 */
export function accountEncoding(config: JsonObject, fallback: AccountEncoding['encoding'] = 'binary'): AccountEncoding {
  const encoding = config.encoding ?? fallback;
  switch (encoding) {
    case 'binary':
    case 'base58':
    case 'base64':
    case 'base64+zstd':
    case 'jsonParsed':
      return { encoding, slice: dataSlice(config.dataSlice) };
    default:
      throw invalidParams(`Invalid params: unknown encoding ${String(encoding)}`);
  }
}

/** An account as the RPC writes it, or null when there is none. @throws RpcError −32600 when base58 cannot hold it */
export function encodeAccount(
  account: LedgerAccount,
  how: AccountEncoding,
  getAccount: (address: Address) => LedgerAccount,
): JsonValue {
  if (!account.exists) return null;
  return {
    data: encodeData(account, how, getAccount),
    executable: account.executable,
    lamports: account.lamports,
    owner: account.programAddress,
    rentEpoch: RENT_EXEMPT_EPOCH,
    space: account.data.length,
  };
}

function encodeData(
  account: EncodedAccount,
  { encoding, slice }: AccountEncoding,
  getAccount: (address: Address) => LedgerAccount,
): JsonValue {
  if (encoding === 'jsonParsed') {
    const parsed = parseAccount(account, getAccount);
    if (parsed !== undefined) return parsed;
  }
  const whole = Buffer.from(account.data);
  const bytes = slice === undefined ? whole : whole.subarray(slice.offset, slice.offset + slice.length);
  if (encoding === 'base64+zstd') return [zstdCompressSync(bytes).toString('base64'), encoding];
  if (encoding === 'base64' || encoding === 'jsonParsed') return [bytes.toString('base64'), 'base64'];
  if (bytes.length > MAX_BASE58_BYTES) {
    throw invalidParams(
      `Encoded binary (base 58) data should be less than ${MAX_BASE58_BYTES} bytes, please use Base64 encoding.`,
    );
  }
  const text = getBase58Decoder().decode(bytes);
  return encoding === 'binary' ? text : [text, 'base58'];
}

function dataSlice(value: JsonValue | undefined): AccountEncoding['slice'] {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw invalidParams('Invalid params: dataSlice must be an object');
  const offset = smallInteger(value, 'offset');
  const length = smallInteger(value, 'length');
  if (offset === undefined || length === undefined) {
    throw invalidParams('Invalid params: dataSlice needs offset and length');
  }
  return { offset, length };
}
