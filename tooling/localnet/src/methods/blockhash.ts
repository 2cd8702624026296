import { feeForMessage } from '../ledger/compute-budget.ts';
import { BLOCKHASH_MAX_AGE } from '../ledger/timeline.ts';
import { decodeMessage, type Message } from '../ledger/wire-transaction.ts';
import { stringListParam, stringParam, toAddress } from '../rpc/params.ts';
import { readContext, withContext } from '../rpc/read-context.ts';
import { invalidParams } from '../rpc/rpc-error.ts';
import { base64Bytes } from '../rpc/wire-param.ts';
import type { MethodTable } from './method.ts';

/** Methods about blockhashes and fees. */
export const blockhashMethods: MethodTable = {
  getLatestBlockhash: ({ ledger }, params) => {
    const { block } = readContext(ledger, params, 0);
    return withContext(block, {
      blockhash: block.blockhash,
      lastValidBlockHeight: block.height + BLOCKHASH_MAX_AGE,
    });
  },
  isBlockhashValid: ({ ledger }, params) => {
    const { block } = readContext(ledger, params, 1);
    return withContext(block, ledger.timeline.isUsable(stringParam(params, 0), block));
  },
  getFeeForMessage: ({ ledger }, params) => {
    const { block } = readContext(ledger, params, 1);
    const message = messageOf(stringParam(params, 0));
    const usable = ledger.timeline.isUsable(message.lifetimeToken, block);
    return withContext(block, usable ? feeForMessage(message) : null);
  },
  getRecentPrioritizationFees: ({ ledger, faults }, params) => {
    const writable = stringListParam(params, 0).map((item) => toAddress(item));
    const floor = faults.take('priorityFee')?.microLamports ?? 0n;
    return ledger.timeline.recent(BLOCKHASH_MAX_AGE).map(({ slot }) => {
      const price = ledger.priorityFees.price(slot, writable);
      return { slot, prioritizationFee: price > floor ? price : floor };
    });
  },
};

function messageOf(text: string): Message {
  const bytes = base64Bytes(text);
  try {
    return decodeMessage(bytes);
  } catch (cause) {
    throw invalidParams(`failed to deserialize message: ${cause instanceof Error ? cause.message : 'unknown reason'}`);
  }
}
