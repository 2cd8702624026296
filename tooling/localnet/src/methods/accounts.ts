import { getBase58Encoder } from '@solana/kit';
import { isJsonObject, type JsonValue } from '../json/json-value.ts';
import { accountEncoding, encodeAccount } from '../rpc/encode-account.ts';
import { addressParam, flag, smallInteger, stringListParam, toAddress } from '../rpc/params.ts';
import { readContext, withContext } from '../rpc/read-context.ts';
import { invalidParams } from '../rpc/rpc-error.ts';
import { base64Bytes } from '../rpc/wire-param.ts';
import type { MethodTable } from './method.ts';

const MAX_MULTIPLE_ACCOUNTS = 100;

type Filter = (data: Uint8Array) => boolean;

/** Methods that read accounts. */
export const accountMethods: MethodTable = {
  getBalance: ({ ledger }, params) => {
    const { block, commitment } = readContext(ledger, params, 1);
    const account = ledger.getAccount(addressParam(params, 0), commitment);
    return withContext(block, account.exists ? account.lamports : 0);
  },
  getAccountInfo: ({ ledger }, params) => {
    const { block, commitment, config } = readContext(ledger, params, 1);
    const read = (address: ReturnType<typeof toAddress>) => ledger.getAccount(address, commitment);
    return withContext(block, encodeAccount(read(addressParam(params, 0)), accountEncoding(config), read));
  },
  getMultipleAccounts: ({ ledger }, params) => {
    const { block, commitment, config } = readContext(ledger, params, 1);
    const addresses = stringListParam(params, 0);
    if (addresses.length > MAX_MULTIPLE_ACCOUNTS) {
      throw invalidParams(`Too many inputs provided; max ${MAX_MULTIPLE_ACCOUNTS}`);
    }
    const how = accountEncoding(config, 'base64');
    const read = (address: ReturnType<typeof toAddress>) => ledger.getAccount(address, commitment);
    return withContext(
      block,
      addresses.map((item) => encodeAccount(read(toAddress(item)), how, read)),
    );
  },
  getProgramAccounts: ({ ledger }, params) => {
    const { block, commitment, config } = readContext(ledger, params, 1);
    const how = accountEncoding(config);
    const filters = accountFilters(config.filters);
    const read = (address: ReturnType<typeof toAddress>) => ledger.getAccount(address, commitment);
    const found = ledger
      .getProgramAccounts(addressParam(params, 0), commitment)
      .filter(({ data }) => filters.every((matches) => matches(Uint8Array.from(data))))
      .map((account) => ({
        pubkey: account.address,
        account: encodeAccount({ exists: true, ...account }, how, read),
      }));
    return flag(config, 'withContext') ? withContext(block, found) : found;
  },
};

function accountFilters(value: JsonValue | undefined): readonly Filter[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > 4) throw invalidParams('Invalid params: at most 4 filters');
  return value.map(accountFilter);
}

function accountFilter(value: JsonValue): Filter {
  if (!isJsonObject(value)) throw invalidParams('Invalid params: a filter must be an object');
  const size = smallInteger(value, 'dataSize');
  if (size !== undefined) return (data) => data.length === size;
  const { memcmp } = value;
  if (!isJsonObject(memcmp)) throw invalidParams('Invalid params: a filter must be dataSize or memcmp');
  const offset = smallInteger(memcmp, 'offset') ?? 0;
  const { bytes, encoding = 'base58' } = memcmp;
  if (typeof bytes !== 'string') throw invalidParams('Invalid params: memcmp needs bytes');
  const wanted = encoding === 'base64' ? base64Bytes(bytes) : getBase58Encoder().encode(bytes);
  return (data) => wanted.every((byte, index) => data[offset + index] === byte);
}
