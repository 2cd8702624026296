import type { Address, EncodedAccount } from '@solana/kit';
import { Clock, FailedTransactionMetadata, LiteSVM, type TransactionMetadata } from 'litesvm';
import type { LedgerAccount } from './account.ts';
import { parseTransactionError, type TransactionError } from './transaction-error.ts';
import type { WireTransaction } from './wire-transaction.ts';

/** Slots of one epoch, as on the public clusters. */
export const SLOTS_PER_EPOCH = 432_000;

const ERROR_TEXT = /\{ err: (.+?), meta: TransactionMetadata \{/s;
const FEE_TEXT = /fee: (\d+) \}[\s})]*$/;

/** One instruction that a program invoked. */
export interface InnerInstruction {
  readonly programIdIndex: number;
  readonly accounts: readonly number[];
  readonly data: Uint8Array;
  readonly stackHeight: number;
}

/** What the runtime did, or would do, with a transaction. */
export interface Outcome {
  readonly error: TransactionError | null;
  /** False when the transaction was refused before it ran: no fee was taken and no block may contain it. */
  readonly ran: boolean;
  readonly fee: bigint;
  readonly logs: readonly string[];
  readonly unitsConsumed: bigint;
  readonly returnData: { readonly programId: Uint8Array; readonly data: Uint8Array } | null;
  /** For each instruction of the message, what it invoked. */
  readonly innerInstructions: readonly (readonly InnerInstruction[])[];
}

/** A simulation also tells how the accounts would look afterwards. */
export interface SimulatedOutcome extends Outcome {
  readonly accountsAfter: readonly EncodedAccount[];
}

/** The Solana runtime, without blocks, blockhashes and history: those are kept outside of it. */
export interface Runtime {
  getAccount(address: Address): LedgerAccount;
  getBalance(address: Address): bigint;
  setAccount(account: EncodedAccount): void;
  getProgramAccounts(program: Address): readonly EncodedAccount[];
  minimumBalanceForRentExemption(bytes: number): bigint;
  setClock(slot: number, unixTime: number): void;
  simulate(wire: WireTransaction, verifySignatures: boolean): SimulatedOutcome;
  execute(wire: WireTransaction, verifySignatures: boolean): Outcome;
}

/** Boots an empty runtime with the standard programs. */
export function createRuntime(): Runtime {
  const svm = new LiteSVM().withBlockhashCheck(false).withTransactionHistory(0n);
  return {
    getAccount: (address) => svm.getAccount(address),
    getBalance: (address) => svm.getBalance(address) ?? 0n,
    setAccount: (account) => svm.setAccount(account),
    getProgramAccounts: (program) => svm.getProgramAccounts(program),
    minimumBalanceForRentExemption: (bytes) => svm.minimumBalanceForRentExemption(BigInt(bytes)),
    setClock(slot, unixTime) {
      const epoch = BigInt(Math.floor(slot / SLOTS_PER_EPOCH));
      svm.setClock(new Clock(BigInt(slot), BigInt(unixTime), epoch, epoch + 1n, BigInt(unixTime)));
    },
    simulate(wire, verifySignatures) {
      if (verifySignatures && !wire.isFullySigned) return { ...refused('SignatureFailure'), accountsAfter: [] };
      const result = svm.withSigverify(verifySignatures).simulateTransaction(wire.transaction);
      if (result instanceof FailedTransactionMetadata) return { ...readFailure(result), accountsAfter: [] };
      return { ...readSuccess(result.meta()), accountsAfter: result.postAccounts() };
    },
    execute(wire, verifySignatures) {
      if (!wire.isFullySigned) return refused('SignatureFailure');
      const result = svm.withSigverify(verifySignatures).sendTransaction(wire.transaction);
      return result instanceof FailedTransactionMetadata ? readFailure(result) : readSuccess(result);
    },
  };
}

/** An outcome for a transaction that was turned away before it ran. */
export function refused(error: TransactionError): Outcome {
  return { error, ran: false, fee: 0n, logs: [], unitsConsumed: 0n, returnData: null, innerInstructions: [] };
}

function readFailure(failed: FailedTransactionMetadata): Outcome {
  const text = failed.toString();
  const error = parseTransactionError(ERROR_TEXT.exec(text)?.[1] ?? text);
  // The runtime names the transaction in its result only when it went on to run it.
  const ran = failed
    .meta()
    .signature()
    .some((byte) => byte !== 0);
  return { ...readMeta(failed.meta(), text), error, ran };
}

function readSuccess(meta: TransactionMetadata): Outcome {
  return { ...readMeta(meta, meta.toString()), error: null, ran: true };
}

function readMeta(meta: TransactionMetadata, text: string): Omit<Outcome, 'error' | 'ran'> {
  const returned = meta.returnData();
  return {
    fee: BigInt(FEE_TEXT.exec(text)?.[1] ?? '0'),
    logs: meta.logs(),
    unitsConsumed: meta.computeUnitsConsumed(),
    returnData: returned.data().length === 0 ? null : { programId: returned.programId(), data: returned.data() },
    innerInstructions: meta.innerInstructions().map((list) =>
      list.map((inner) => ({
        programIdIndex: inner.instruction().programIdIndex(),
        accounts: [...inner.instruction().accounts()],
        data: inner.instruction().data(),
        stackHeight: inner.stackHeight(),
      })),
    ),
  };
}
