import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { parseJson } from '../json/parse-json.ts';
import { METHODS } from '../methods/all-methods.ts';
import type { Node } from '../methods/method.ts';
import type { Params } from './params.ts';
import { invalidParams, RPC_ERROR_CODE, RpcError } from './rpc-error.ts';

/** One well-formed call. */
export interface Call {
  readonly id: JsonValue;
  readonly method: string;
  readonly params: Params;
  /** A call without an id wants no answer. */
  readonly isNotification: boolean;
}

/** A call, or the error reply for something that is none. */
export type ParsedCall = Call | { readonly failure: JsonObject };

/** What a message held: one call or a batch of them. */
export interface ParsedMessage {
  readonly isBatch: boolean;
  readonly calls: readonly ParsedCall[];
}

/** Reads the text of a JSON-RPC message; malformed parts become error replies. */
export function parseMessage(text: string): ParsedMessage {
  let message: JsonValue;
  try {
    message = parseJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return single({ failure: failureReply(null, new RpcError(RPC_ERROR_CODE.parseError, 'Parse error')) });
  }
  if (!Array.isArray(message)) return single(parseCall(message));
  const batch: readonly JsonValue[] = message;
  if (batch.length === 0) return single({ failure: invalidRequest(null) });
  return { isBatch: true, calls: batch.map(parseCall) };
}

/** Answers one call; undefined when it wants no answer. Never throws for what the caller did. */
export function answer(node: Node, call: Call): JsonObject | undefined {
  const reply = execute(node, call);
  return call.isNotification ? undefined : reply;
}

/** The reply that carries a result. */
export function resultReply(id: JsonValue, result: JsonValue): JsonObject {
  return { jsonrpc: '2.0', result, id };
}

/** The reply that carries an error. */
export function failureReply(id: JsonValue, error: RpcError): JsonObject {
  return { jsonrpc: '2.0', error: error.toJson(), id };
}

/** Turns anything thrown into the error of a reply; what is not an {@link RpcError} is this program's own fault. */
export function asRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new RpcError(RPC_ERROR_CODE.internalError, `Internal error: ${reason}`);
}

function execute(node: Node, call: Call): JsonObject {
  try {
    const fault = node.faults.take('rpcError', call.method);
    if (fault !== undefined) throw new RpcError(fault.code, fault.message ?? 'switched-on fault', {});
    const method = METHODS.get(call.method);
    if (method === undefined) throw new RpcError(RPC_ERROR_CODE.methodNotFound, 'Method not found');
    return resultReply(call.id, method(node, call.params));
  } catch (thrown) {
    return failureReply(call.id, asRpcError(thrown));
  }
}

function parseCall(value: JsonValue): ParsedCall {
  if (!isJsonObject(value)) return { failure: invalidRequest(null) };
  const { jsonrpc, method, id, params = [] } = value;
  const hasValidId = id === undefined || id === null || ['string', 'number', 'bigint'].includes(typeof id);
  if (jsonrpc !== '2.0' || typeof method !== 'string' || !hasValidId) {
    return { failure: invalidRequest(hasValidId ? (id ?? null) : null) };
  }
  if (!Array.isArray(params)) {
    return { failure: failureReply(id ?? null, invalidParams('Invalid params: expected a list')) };
  }
  return { id: id ?? null, method, params, isNotification: id === undefined };
}

function invalidRequest(id: JsonValue): JsonObject {
  return failureReply(id, new RpcError(RPC_ERROR_CODE.invalidRequest, 'Invalid request'));
}

function single(call: ParsedCall): ParsedMessage {
  return { isBatch: false, calls: [call] };
}
