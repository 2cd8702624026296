import type { JsonObject } from '../json/json-value.ts';
import { satisfies } from '../ledger/commitment.ts';
import type { LandedTransaction } from '../ledger/landed-transaction.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { memoOf } from '../ledger/memo.ts';
import { encodeLanded, transactionEncoding } from '../rpc/encode-transaction.ts';
import { addressParam, configParam, flag, smallInteger, stringListParam, stringParam } from '../rpc/params.ts';
import { readContext, withContext } from '../rpc/read-context.ts';
import { invalidParams } from '../rpc/rpc-error.ts';
import type { MethodTable } from './method.ts';

const MAX_STATUSES = 256;
const MAX_SIGNATURES = 1000;
/** Slots a node remembers without searching its history. */
const RECENT_SLOTS = 300;

/** Methods about transactions that landed. */
export const historyMethods: MethodTable = {
  getSignatureStatuses: ({ ledger, faults }, params) => {
    const signatures = stringListParam(params, 0);
    if (signatures.length > MAX_STATUSES) throw invalidParams(`Too many inputs provided; max ${MAX_STATUSES}`);
    const searchHistory = flag(configParam(params, 1), 'searchTransactionHistory');
    const hidden = faults.take('hideStatuses') !== undefined;
    const tip = ledger.timeline.tip();
    return withContext(
      tip,
      signatures.map((signature) => {
        const landed = hidden ? undefined : ledger.history.get(signature);
        if (landed === undefined) return null;
        return searchHistory || tip.slot - landed.slot < RECENT_SLOTS ? statusOf(ledger, landed) : null;
      }),
    );
  },
  getTransaction: ({ ledger }, params) => {
    const { commitment, config } = readContext(ledger, typeof params[1] === 'string' ? [] : params, 1);
    if (commitment === 'processed') throw invalidParams('Method does not support commitment below `confirmed`');
    const how = transactionEncoding(typeof params[1] === 'string' ? { encoding: params[1] } : config);
    const landed = ledger.history.get(stringParam(params, 0));
    if (landed === undefined || !satisfies(ledger.timeline.commitmentOf(landed.slot), commitment)) return null;
    return encodeLanded(landed, how, (address) => ledger.getAccount(address, 'processed'));
  },
  getSignaturesForAddress: ({ ledger }, params) => {
    const { commitment, config } = readContext(ledger, params, 1);
    if (commitment === 'processed') throw invalidParams('Method does not support commitment below `confirmed`');
    const limit = smallInteger(config, 'limit') ?? MAX_SIGNATURES;
    if (limit === 0 || limit > MAX_SIGNATURES) throw invalidParams(`Invalid limit; max ${MAX_SIGNATURES}`);
    const { before, until } = config;
    const found: JsonObject[] = [];
    let started = before === undefined || before === null;
    for (const landed of ledger.history.byAddress(addressParam(params, 0))) {
      if (landed.signature === until || found.length === limit) break;
      const reached = ledger.timeline.commitmentOf(landed.slot);
      if (started && satisfies(reached, commitment)) {
        found.push({
          blockTime: landed.blockTime,
          confirmationStatus: reached,
          err: landed.outcome.error,
          memo: memoOf(landed.wire.message),
          signature: landed.signature,
          slot: landed.slot,
        });
      }
      if (landed.signature === before) started = true;
    }
    return found;
  },
};

function statusOf(ledger: Ledger, landed: LandedTransaction): JsonObject {
  const confirmationStatus = ledger.timeline.commitmentOf(landed.slot);
  const { error } = landed.outcome;
  return {
    confirmationStatus,
    confirmations: confirmationStatus === 'finalized' ? null : ledger.timeline.tip().slot - landed.slot,
    err: error,
    slot: landed.slot,
    status: error === null ? { Ok: null } : { Err: error },
  };
}
