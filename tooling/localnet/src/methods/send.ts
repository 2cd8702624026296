import type { FaultBook } from '../faults/fault-book.ts';
import type { Commitment } from '../ledger/commitment.ts';
import { describeTransactionError } from '../ledger/describe-error.ts';
import type { Landing } from '../ledger/pending.ts';
import type { SimulatedOutcome } from '../ledger/runtime.ts';
import type { WireTransaction } from '../ledger/wire-transaction.ts';
import { encodeReturnData } from '../rpc/encode-transaction.ts';
import { addressParam, commitmentOf, configParam, flag, integerParam } from '../rpc/params.ts';
import { requireMinContextSlot } from '../rpc/read-context.ts';
import { RPC_ERROR_CODE, RpcError } from '../rpc/rpc-error.ts';
import { wireParam } from '../rpc/wire-param.ts';
import type { MethodTable, Node } from './method.ts';

/** Methods that put transactions into the ledger. */
export const sendMethods: MethodTable = {
  sendTransaction: (node, params) => {
    const config = configParam(params, 1);
    const wire = wireParam(params, config);
    const commitment = commitmentOf(config, 'preflightCommitment');
    requireMinContextSlot(config, node.ledger.timeline.at(commitment));
    if (!flag(config, 'skipPreflight')) preflight(node, wire, commitment);
    node.counters.countAccepted(wire.signature);
    node.ledger.submit(wire, landing(node.faults));
    return wire.signature;
  },
  requestAirdrop: ({ ledger }, params) => ledger.requestAirdrop(addressParam(params, 0), integerParam(params, 1)),
};

/**
 * Checks a transaction before it is accepted.
 *
 * @throws RpcError −32003 for a bad signature, −32002 when the simulation fails
 */
function preflight({ ledger }: Node, wire: WireTransaction, commitment: Commitment): void {
  const outcome = ledger.simulate(wire, { verifySignatures: true, bank: ledger.timeline.at(commitment) });
  const { error } = outcome;
  if (error === null) return;
  if (error === 'SignatureFailure') {
    throw new RpcError(RPC_ERROR_CODE.signatureVerificationFailure, 'Transaction signature verification failure');
  }
  throw new RpcError(
    RPC_ERROR_CODE.preflightFailure,
    `Transaction simulation failed: ${describeTransactionError(error)}`,
    preflightData(outcome),
  );
}

function preflightData(outcome: SimulatedOutcome) {
  return {
    accounts: null,
    err: outcome.error,
    fee: null,
    innerInstructions: null,
    loadedAccountsDataSize: 0,
    loadedAddresses: null,
    logs: outcome.logs,
    postBalances: null,
    postTokenBalances: null,
    preBalances: null,
    preTokenBalances: null,
    replacementBlockhash: null,
    returnData: encodeReturnData(outcome.returnData),
    unitsConsumed: outcome.unitsConsumed,
  };
}

function landing(faults: FaultBook): Landing {
  if (faults.take('landNever') !== undefined) return { when: 'never' };
  const late = faults.take('landLate');
  if (late === undefined) return { when: 'now' };
  return { when: 'late', slots: late.slots, evenIfExpired: late.evenIfExpired ?? false };
}
