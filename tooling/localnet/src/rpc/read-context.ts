import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { Commitment } from '../ledger/commitment.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Block } from '../ledger/timeline.ts';
import { commitmentOf, configParam, type Params, smallInteger } from './params.ts';
import { RPC_ERROR_CODE, RpcError } from './rpc-error.ts';

/** The version this ledger reports for itself. */
export const NODE_VERSION = '4.0.0';

/** The point of view a read is answered from. */
export interface ReadContext {
  readonly config: JsonObject;
  readonly commitment: Commitment;
  readonly block: Block;
}

/**
 * Reads `commitment` and `minContextSlot` of the configuration at `index`.
 *
 * @throws RpcError −32602 for a bad configuration, −32016 when the node has not reached `minContextSlot`
 */
export function readContext(ledger: Ledger, params: Params, index: number): ReadContext {
  const config = configParam(params, index);
  const commitment = commitmentOf(config);
  const block = ledger.timeline.at(commitment);
  requireMinContextSlot(config, block);
  return { config, commitment, block };
}

/** @throws RpcError −32016 when the block is older than the caller's `minContextSlot` */
export function requireMinContextSlot(config: JsonObject, block: Block): void {
  const wanted = smallInteger(config, 'minContextSlot');
  if (wanted !== undefined && wanted > block.slot) {
    throw new RpcError(RPC_ERROR_CODE.minContextSlotNotReached, 'Minimum context slot has not been reached', {
      contextSlot: block.slot,
    });
  }
}

/** Wraps a value with the slot it was read at. */
export function withContext(block: Block, value: JsonValue): JsonObject {
  return { context: { apiVersion: NODE_VERSION, slot: block.slot }, value };
}
