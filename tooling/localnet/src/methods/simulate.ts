import { isJsonObject, type JsonValue } from '../json/json-value.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SimulatedOutcome } from '../ledger/runtime.ts';
import { BLOCKHASH_MAX_AGE } from '../ledger/timeline.ts';
import { staticAccounts, type WireTransaction } from '../ledger/wire-transaction.ts';
import { accountEncoding, encodeAccount } from '../rpc/encode-account.ts';
import { encodeInnerInstructions, encodeReturnData } from '../rpc/encode-transaction.ts';
import { flag, toAddress } from '../rpc/params.ts';
import { readContext, withContext } from '../rpc/read-context.ts';
import { invalidParams, RPC_ERROR_CODE, RpcError } from '../rpc/rpc-error.ts';
import { wireParam } from '../rpc/wire-param.ts';
import type { MethodTable } from './method.ts';

/** What the network adds to every loaded account when it bills loaded data. */
const ACCOUNT_OVERHEAD_BYTES = 64;

/** simulateTransaction. Always runs on the newest state; the commitment only chooses the blockhash window. */
export const simulateMethods: MethodTable = {
  simulateTransaction: ({ ledger }, params) => {
    const { block, config } = readContext(ledger, params, 1);
    const wire = wireParam(params, config);
    const verifySignatures = flag(config, 'sigVerify');
    const replace = flag(config, 'replaceRecentBlockhash');
    if (verifySignatures && replace) throw invalidParams('sigVerify may not be used with replaceRecentBlockhash');

    const outcome = ledger.simulate(wire, { verifySignatures, bank: replace ? undefined : block });
    if (verifySignatures && outcome.error === 'SignatureFailure') {
      throw new RpcError(RPC_ERROR_CODE.signatureVerificationFailure, 'Transaction signature verification failure');
    }
    return withContext(block, {
      accounts: requestedAccounts(ledger, outcome, config.accounts),
      err: outcome.error,
      fee: outcome.fee,
      innerInstructions: flag(config, 'innerInstructions') ? encodeInnerInstructions(outcome) : null,
      loadedAccountsDataSize: outcome.error === null ? loadedBytes(ledger, wire) : 0,
      logs: outcome.logs,
      replacementBlockhash: replace
        ? { blockhash: block.blockhash, lastValidBlockHeight: block.height + BLOCKHASH_MAX_AGE }
        : null,
      returnData: encodeReturnData(outcome.returnData),
      unitsConsumed: outcome.unitsConsumed,
    });
  },
};

function requestedAccounts(ledger: Ledger, outcome: SimulatedOutcome, value: JsonValue | undefined): JsonValue {
  if (value === undefined || value === null) return null;
  if (!isJsonObject(value) || !Array.isArray(value.addresses)) {
    throw invalidParams('Invalid params: accounts needs addresses');
  }
  const how = accountEncoding(value, 'base64');
  if (how.encoding === 'binary' || how.encoding === 'base58') throw invalidParams('base58 encoding not supported');
  const addresses: readonly JsonValue[] = value.addresses;
  const wanted = addresses.map((item) => toAddress(item));
  if (outcome.error !== null) return wanted.map(() => null);
  const after = new Map(outcome.accountsAfter.map((account) => [account.address, account]));
  const read = (address: ReturnType<typeof toAddress>) => {
    const account = after.get(address);
    return account === undefined ? ledger.getAccount(address, 'processed') : ({ exists: true, ...account } as const);
  };
  return wanted.map((address) => encodeAccount(read(address), how, read));
}

function loadedBytes(ledger: Ledger, wire: WireTransaction): number {
  return staticAccounts(wire.message)
    .map(({ address }) => ledger.getAccount(address, 'processed'))
    .reduce((sum, account) => sum + ACCOUNT_OVERHEAD_BYTES + (account.exists ? account.data.length : 0), 0);
}
