import {
  type Address,
  appendTransactionMessageInstructions,
  compileTransaction,
  createNoopSigner,
  createTransactionMessage,
  type Instruction,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import { getSetComputeUnitLimitInstruction, getSetComputeUnitPriceInstruction } from '@solana-program/compute-budget';
import { getTransferSolInstruction } from '@solana-program/system';
import type { FetchedBlockhash } from './latest-blockhash.ts';
import { MEMO_PROGRAM } from './programs.ts';

/** All that a payment message is made of. */
export interface PaymentMessage {
  readonly from: Address;
  readonly to: Address;
  /** Lamports. */
  readonly amount: bigint;
  readonly memo?: string;
  readonly blockhash: FetchedBlockhash;
  readonly unitLimit: number;
  /** Micro-lamports for each compute unit; 0 leaves the instruction out. */
  readonly unitPrice: bigint;
}

const memoInstruction = (memo: string): Instruction => ({
  programAddress: MEMO_PROGRAM,
  data: new TextEncoder().encode(memo),
});

/**
 * Bytes of the v0 message of a payment: compute-unit limit, compute-unit price, transfer, memo, in this order; paid and
 * signed by the sender alone (02 §8).
 */
export function compilePayment(payment: PaymentMessage): Uint8Array {
  const { from, to, amount, memo, blockhash, unitLimit, unitPrice } = payment;
  const instructions: readonly Instruction[] = [
    getSetComputeUnitLimitInstruction({ units: unitLimit }),
    ...(unitPrice > 0n ? [getSetComputeUnitPriceInstruction({ microLamports: unitPrice })] : []),
    getTransferSolInstruction({ source: createNoopSigner(from), destination: to, amount }),
    ...(memo === undefined ? [] : [memoInstruction(memo)]),
  ];
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayer(from, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(blockhash, draft),
    (draft) => appendTransactionMessageInstructions(instructions, draft),
  );
  return Uint8Array.from(compileTransaction(message).messageBytes);
}
