import { getBase58Encoder } from '@solana/kit';
import type { JsonObject } from '../json/json-value.ts';
import { decodeWireTransaction, MAX_TRANSACTION_BYTES, type WireTransaction } from '../ledger/wire-transaction.ts';
import { type Params, stringParam } from './params.ts';
import { invalidParams } from './rpc-error.ts';

const TYPE_NAME = 'solana_transaction::versioned::VersionedTransaction';
const MAX_BASE64_CHARACTERS = 1644;
const MAX_BASE58_CHARACTERS = 1683;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Parameter 0 as a transaction, in the encoding the configuration names (base58 unless it says base64).
 *
 * @throws RpcError −32602 when it is too large or not a transaction
 */
export function wireParam(params: Params, config: JsonObject): WireTransaction {
  const text = stringParam(params, 0);
  const encoding = config.encoding ?? 'base58';
  if (encoding !== 'base58' && encoding !== 'base64') {
    throw invalidParams(`unsupported encoding: ${String(encoding)}. Supported encodings: base58, base64`);
  }
  const maximum = encoding === 'base64' ? MAX_BASE64_CHARACTERS : MAX_BASE58_CHARACTERS;
  if (text.length > maximum) {
    throw invalidParams(
      `${encoding} encoded ${TYPE_NAME} too large: ${text.length} bytes (max: encoded/raw ${maximum}/${MAX_TRANSACTION_BYTES})`,
    );
  }
  const bytes = encoding === 'base64' ? base64Bytes(text) : base58Bytes(text);
  if (bytes.length > MAX_TRANSACTION_BYTES) {
    throw invalidParams(`decoded ${TYPE_NAME} too large: ${bytes.length} bytes (max: ${MAX_TRANSACTION_BYTES} bytes)`);
  }
  try {
    return decodeWireTransaction(bytes);
  } catch (cause) {
    throw invalidParams(`failed to deserialize ${TYPE_NAME}: ${reasonOf(cause)}`);
  }
}

/** Base64 text as bytes. @throws RpcError −32602 */
export function base64Bytes(text: string): Uint8Array {
  if (!BASE64.test(text)) throw invalidParams('invalid base64 encoding: InvalidByte');
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

function base58Bytes(text: string): Uint8Array {
  try {
    return Uint8Array.from(getBase58Encoder().encode(text));
  } catch (cause) {
    throw invalidParams(`invalid base58 encoding: ${reasonOf(cause)}`);
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'unknown reason';
}
