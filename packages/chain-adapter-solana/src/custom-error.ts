import { getCompiledTransactionMessageDecoder } from '@solana/kit';
import type { ChainErrorCode } from '@waiaas/core';
import { ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './programs.ts';

/** What a program's own error number means. */
export interface CustomErrorMeaning {
  readonly code: ChainErrorCode;
  readonly message: string;
  /** Whether it says that there is too little of something. */
  readonly isLack: boolean;
}

const NOT_ENOUGH_LAMPORTS: CustomErrorMeaning = {
  code: 'INSUFFICIENT_BALANCE',
  message: 'The wallet holds less than the payment moves',
  isLack: true,
};

/** Errors both token programs share (02 §13). */
const TOKEN_ERRORS: ReadonlyMap<number, CustomErrorMeaning> = new Map<number, CustomErrorMeaning>([
  [
    1,
    {
      code: 'INSUFFICIENT_TOKEN_BALANCE',
      message: 'The wallet holds less of the token than the payment moves',
      isLack: true,
    },
  ],
  [17, { code: 'TOKEN_ACCOUNT_FROZEN', message: 'A token account of the payment is frozen', isLack: false }],
  [18, { code: 'INVALID_TOKEN', message: 'The token has other decimals than the payment says', isLack: false }],
]);

/** Programs number their errors each for itself: the same number means something else in another one. */
const MEANINGS: ReadonlyMap<string, ReadonlyMap<number, CustomErrorMeaning>> = new Map<
  string,
  ReadonlyMap<number, CustomErrorMeaning>
>([
  [SYSTEM_PROGRAM, new Map([[1, NOT_ENOUGH_LAMPORTS]])],
  // It passes on what the system program says when the rent of a new account cannot be paid.
  [ASSOCIATED_TOKEN_PROGRAM, new Map([[1, NOT_ENOUGH_LAMPORTS]])],
  [TOKEN_PROGRAM, TOKEN_ERRORS],
  [TOKEN_2022_PROGRAM, TOKEN_ERRORS],
]);

/** The program of each instruction of a message, in order; none when the message cannot be read. Never throws. */
export function programPlaces(message: Uint8Array): readonly string[] {
  try {
    const compiled = getCompiledTransactionMessageDecoder().decode(message);
    if (compiled.version !== 0) return [];
    return compiled.instructions.map(({ programAddressIndex }) => compiled.staticAccounts[programAddressIndex] ?? '');
  } catch {
    // Only used to word an error better; the error itself is what counts.
    return [];
  }
}

/**
 * What a program's error means, if it is one of those that say something about a payment.
 * @param places the program of each instruction
 */
export const customErrorMeaning = (
  places: readonly string[],
  instructionIndex: number | undefined,
  customCode: number | undefined,
): CustomErrorMeaning | undefined =>
  customCode === undefined ? undefined : MEANINGS.get(places[instructionIndex ?? -1] ?? '')?.get(customCode);
