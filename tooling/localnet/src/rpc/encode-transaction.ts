import { type Address, getBase58Decoder } from '@solana/kit';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { LedgerAccount } from '../ledger/account.ts';
import type { LandedTransaction } from '../ledger/landed-transaction.ts';
import type { Outcome } from '../ledger/runtime.ts';
import { smallInteger } from './params.ts';
import { invalidParams, RPC_ERROR_CODE, RpcError } from './rpc-error.ts';
import { tokenAmount } from './token-amount.ts';
import { readMint, readTokenAccount } from './token-layout.ts';

type Encoding = 'json' | 'jsonParsed' | 'base58' | 'base64';
type GetAccount = (address: Address) => LedgerAccount;

/** How a landed transaction is to be written. */
export interface TransactionEncoding {
  readonly encoding: Encoding;
  /** The newest version the caller understands; undefined means legacy only. */
  readonly maxVersion: number | undefined;
}

/** Reads `encoding` and `maxSupportedTransactionVersion`. @throws RpcError −32602 */
export function transactionEncoding(config: JsonObject): TransactionEncoding {
  const encoding = config.encoding ?? 'json';
  switch (encoding) {
    case 'json':
    case 'jsonParsed':
    case 'base58':
    case 'base64':
      return { encoding, maxVersion: smallInteger(config, 'maxSupportedTransactionVersion') };
    default:
      throw invalidParams(`Invalid params: unknown encoding ${String(encoding)}`);
  }
}

/**
 * A landed transaction as getTransaction answers it.
 *
 * @throws RpcError −32015 when its version is newer than the caller allows
 */
export function encodeLanded(landed: LandedTransaction, how: TransactionEncoding, getAccount: GetAccount): JsonObject {
  const { version } = landed.wire.message;
  if (version !== 'legacy' && how.maxVersion === undefined) {
    throw new RpcError(
      RPC_ERROR_CODE.unsupportedTransactionVersion,
      `Transaction version (${version}) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${version}`,
    );
  }
  return {
    blockTime: landed.blockTime,
    meta: encodeMeta(landed, how.encoding, getAccount),
    slot: landed.slot,
    transaction: encodeBody(landed, how.encoding),
    version: how.maxVersion === undefined ? undefined : version,
  };
}

/** What a program returned, or null. */
export function encodeReturnData(data: Outcome['returnData']): JsonValue {
  if (data === null) return null;
  return {
    data: [Buffer.from(data.data).toString('base64'), 'base64'],
    programId: getBase58Decoder().decode(data.programId),
  };
}

/** The instructions that programs invoked, grouped by the instruction of the message. */
export function encodeInnerInstructions({ innerInstructions }: Outcome): JsonValue {
  return innerInstructions
    .map((instructions, index) => ({
      index,
      instructions: instructions.map((inner) => ({
        accounts: inner.accounts,
        data: getBase58Decoder().decode(inner.data),
        programIdIndex: inner.programIdIndex,
        stackHeight: inner.stackHeight,
      })),
    }))
    .filter(({ instructions }) => instructions.length > 0);
}

function encodeMeta(landed: LandedTransaction, encoding: Encoding, getAccount: GetAccount): JsonObject {
  const { outcome } = landed;
  return {
    computeUnitsConsumed: outcome.unitsConsumed,
    err: outcome.error,
    fee: outcome.fee,
    innerInstructions: encodeInnerInstructions(outcome),
    loadedAddresses:
      encoding === 'jsonParsed' ? undefined : { readonly: landed.loaded.readonly, writable: landed.loaded.writable },
    logMessages: outcome.logs,
    postBalances: landed.postBalances,
    postTokenBalances: tokenBalances(landed, landed.after, getAccount),
    preBalances: landed.preBalances,
    preTokenBalances: tokenBalances(landed, landed.before, getAccount),
    returnData: outcome.returnData === null ? undefined : encodeReturnData(outcome.returnData),
    rewards: [],
    status: outcome.error === null ? { Ok: null } : { Err: outcome.error },
  };
}

function tokenBalances(
  landed: LandedTransaction,
  states: ReadonlyMap<Address, LedgerAccount>,
  getAccount: GetAccount,
): JsonValue {
  return landed.accounts.flatMap(({ address }, accountIndex) => {
    const account = states.get(address);
    const token = account?.exists === true ? readTokenAccount(account) : undefined;
    if (account?.exists !== true || token === undefined) return [];
    const mintAccount = getAccount(token.mint);
    const mint = mintAccount.exists ? readMint(mintAccount) : undefined;
    if (mint === undefined) return [];
    return [
      {
        accountIndex,
        mint: token.mint,
        owner: token.owner,
        programId: account.programAddress,
        uiTokenAmount: tokenAmount(token.amount, mint.decimals),
      },
    ];
  });
}

function encodeBody({ wire, accounts }: LandedTransaction, encoding: Encoding): JsonValue {
  if (encoding === 'base64') return [Buffer.from(wire.bytes).toString('base64'), encoding];
  const toBase58 = getBase58Decoder();
  if (encoding === 'base58') return [toBase58.decode(wire.bytes), encoding];
  const { message } = wire;
  const signatures = Object.values(wire.transaction.signatures).map((signature) =>
    toBase58.decode(signature ?? new Uint8Array(64)),
  );
  const lookups = message.version === 0 ? (message.addressTableLookups ?? []) : [];
  const addressTableLookups =
    message.version === 'legacy'
      ? undefined
      : lookups.map(({ lookupTableAddress, readonlyIndexes, writableIndexes }) => ({
          accountKey: lookupTableAddress,
          readonlyIndexes: [...readonlyIndexes],
          writableIndexes: [...writableIndexes],
        }));
  if (encoding === 'jsonParsed') {
    return {
      message: {
        accountKeys: accounts.map(({ address, signer, writable }, index) => ({
          pubkey: address,
          signer,
          source: index < message.staticAccounts.length ? 'transaction' : 'lookupTable',
          writable,
        })),
        addressTableLookups,
        instructions: message.instructions.map((instruction) => ({
          accounts: (instruction.accountIndices ?? []).map((index) => accounts[index]?.address ?? ''),
          data: toBase58.decode(Uint8Array.from(instruction.data ?? [])),
          programId: accounts[instruction.programAddressIndex]?.address ?? '',
          stackHeight: 1,
        })),
        recentBlockhash: message.lifetimeToken,
      },
      signatures,
    };
  }
  return {
    message: {
      accountKeys: message.staticAccounts,
      addressTableLookups,
      header: {
        numReadonlySignedAccounts: message.header.numReadonlySignerAccounts,
        numReadonlyUnsignedAccounts: message.header.numReadonlyNonSignerAccounts,
        numRequiredSignatures: message.header.numSignerAccounts,
      },
      instructions: message.instructions.map((instruction) => ({
        accounts: instruction.accountIndices ?? [],
        data: toBase58.decode(Uint8Array.from(instruction.data ?? [])),
        programIdIndex: instruction.programAddressIndex,
        stackHeight: 1,
      })),
      recentBlockhash: message.lifetimeToken,
    },
    signatures,
  };
}
