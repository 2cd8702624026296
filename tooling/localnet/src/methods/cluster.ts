import { SLOTS_PER_EPOCH } from '../ledger/runtime.ts';
import { integerParam } from '../rpc/params.ts';
import { NODE_VERSION, readContext } from '../rpc/read-context.ts';
import { RPC_ERROR_CODE, RpcError } from '../rpc/rpc-error.ts';
import type { MethodTable } from './method.ts';

/** Methods about the node and its slots. */
export const clusterMethods: MethodTable = {
  getHealth: () => 'ok',
  getVersion: () => ({ 'feature-set': 0, 'solana-core': NODE_VERSION }),
  getGenesisHash: ({ faults, genesisHash }) => faults.take('genesisHash')?.hash ?? genesisHash,
  getSlot: ({ ledger }, params) => readContext(ledger, params, 0).block.slot,
  getBlockHeight: ({ ledger }, params) => readContext(ledger, params, 0).block.height,
  getTransactionCount: ({ ledger }) => ledger.history.count(),
  getBlockTime: ({ ledger }, params) => {
    const slot = Number(integerParam(params, 0));
    const block = ledger.timeline.bySlot(slot);
    if (block === undefined) throw new RpcError(-32004, `Block not available for slot ${slot}`);
    return block.unixTime;
  },
  getEpochInfo: ({ ledger }, params) => {
    const { block } = readContext(ledger, params, 0);
    return {
      absoluteSlot: block.slot,
      blockHeight: block.height,
      epoch: Math.floor(block.slot / SLOTS_PER_EPOCH),
      slotIndex: block.slot % SLOTS_PER_EPOCH,
      slotsInEpoch: SLOTS_PER_EPOCH,
      transactionCount: ledger.history.count(),
    };
  },
  getMinimumBalanceForRentExemption: ({ ledger }, params) => {
    const bytes = integerParam(params, 0);
    if (bytes > 10_485_760n) throw new RpcError(RPC_ERROR_CODE.invalidParams, 'Invalid params: account too large');
    return ledger.runtime.minimumBalanceForRentExemption(Number(bytes));
  },
};
