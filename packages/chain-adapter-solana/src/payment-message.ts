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
import {
  getCloseAccountInstruction,
  getCreateAssociatedTokenIdempotentInstruction,
  getTransferCheckedInstruction,
} from '@solana-program/token';
import type { ClosedAccount } from './emptied-account.ts';
import type { FetchedBlockhash } from './latest-blockhash.ts';
import { ASSOCIATED_TOKEN_PROGRAM, MEMO_PROGRAM } from './programs.ts';
import type { TokenRoute } from './token-route.ts';

/** What a payment does: everything of its message but the lifetime and the bid. */
export interface PaymentContent {
  readonly from: Address;
  readonly to: Address;
  /** Lamports, or base units of the token. */
  readonly amount: bigint;
  /** Absent for the native asset. */
  readonly route?: TokenRoute;
  /** Closed at the end; without a route it is all that is done. */
  readonly closed?: ClosedAccount;
  readonly memo?: string;
}

/** All that a payment message is made of. */
export interface PaymentMessage extends PaymentContent {
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
 * The transfer of a token, with the creation of the recipient's account before it where that is missing. Creation is the kind
 * that does nothing when somebody else was faster. The program is given as the second argument, which is the one that counts.
 */
function tokenInstructions({ from, to, amount }: PaymentContent, route: TokenRoute): readonly Instruction[] {
  const { program, mint, decimals, source, destination, createsDestination } = route;
  const creation = (): Instruction =>
    getCreateAssociatedTokenIdempotentInstruction(
      { payer: createNoopSigner(from), ata: destination, owner: to, mint, tokenProgram: program },
      { programAddress: ASSOCIATED_TOKEN_PROGRAM },
    );
  const transfer: Instruction = getTransferCheckedInstruction(
    { source, mint, destination, authority: createNoopSigner(from), amount, decimals },
    { programAddress: program },
  );
  return createsDestination ? [creation(), transfer] : [transfer];
}

const closeInstruction = (owner: Address, { program, account }: ClosedAccount): Instruction =>
  getCloseAccountInstruction(
    { account, destination: owner, owner: createNoopSigner(owner) },
    { programAddress: program },
  );

const transferInstructions = (content: PaymentContent): readonly Instruction[] => {
  const { from, to, amount, route, closed } = content;
  const closing = closed === undefined ? [] : [closeInstruction(from, closed)];
  if (route !== undefined) return [...tokenInstructions(content, route), ...closing];
  if (closed !== undefined) return closing;
  return [getTransferSolInstruction({ source: createNoopSigner(from), destination: to, amount })];
};

/**
 * Bytes of the v0 message of a payment: compute-unit limit, compute-unit price, transfer, closing of the emptied account,
 * memo, in this order; paid and signed by the sender alone (02 §8, §13; 08 §2.5.4).
 */
export function compilePayment(payment: PaymentMessage): Uint8Array {
  const { from, memo, blockhash, unitLimit, unitPrice } = payment;
  const instructions: readonly Instruction[] = [
    getSetComputeUnitLimitInstruction({ units: unitLimit }),
    ...(unitPrice > 0n ? [getSetComputeUnitPriceInstruction({ microLamports: unitPrice })] : []),
    ...transferInstructions(payment),
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
