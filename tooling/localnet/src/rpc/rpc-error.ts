import type { JsonObject, JsonValue } from '../json/json-value.ts';

/** The JSON-RPC and Solana error codes this ledger answers with. */
export const RPC_ERROR_CODE = Object.freeze({
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  preflightFailure: -32002,
  signatureVerificationFailure: -32003,
  nodeUnhealthy: -32005,
  unsupportedTransactionVersion: -32015,
  minContextSlotNotReached: -32016,
});

/** A request that is answered with a JSON-RPC `error` member. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: JsonValue | undefined;

  constructor(code: number, message: string, data?: JsonValue) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }

  /** The `error` member of the reply. */
  toJson(): JsonObject {
    return { code: this.code, message: this.message, data: this.data };
  }
}

/** A −32602: the method exists but cannot be called like this. */
export function invalidParams(message: string): RpcError {
  return new RpcError(RPC_ERROR_CODE.invalidParams, message);
}
