import { getCompiledTransactionMessageDecoder } from '@solana/kit';
import { SYSTEM_PROGRAM } from './programs.ts';
import type { TransactionErrorText } from './transaction-error.ts';

/** Custom error 1 of the system program: the payer holds less than the transfer moves. */
export const SYSTEM_NOT_ENOUGH_LAMPORTS = 1;

/** Places of the system program's instructions in a message; none when the message cannot be read. Never throws. */
export function systemInstructions(message: Uint8Array): readonly number[] {
  try {
    const compiled = getCompiledTransactionMessageDecoder().decode(message);
    if (compiled.version !== 0) return [];
    return compiled.instructions.flatMap(({ programAddressIndex }, place) =>
      compiled.staticAccounts[programAddressIndex] === SYSTEM_PROGRAM ? [place] : [],
    );
  } catch {
    // Only used to word an error better; the error itself is what counts.
    return [];
  }
}

/** Whether a program's error 1 is the system program's "not enough": another program's error 1 means something else. */
export const systemErrorIsFunds = (told: TransactionErrorText, message: Uint8Array): boolean =>
  told.customCode === SYSTEM_NOT_ENOUGH_LAMPORTS &&
  told.instructionIndex !== undefined &&
  systemInstructions(message).includes(told.instructionIndex);
