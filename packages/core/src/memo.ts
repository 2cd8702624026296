import { z } from 'zod';

/** Longest memo in characters (06 §3.2). */
export const MEMO_MAX_CHARACTERS = 200;
/** Longest memo in UTF-8 bytes, the chain's own bound (02 §10). */
export const MEMO_MAX_BYTES = 256;

const CONTROL = /\p{Cc}/u;

/**
 * What is wrong with a memo, or null when it may be sent: both bounds hold, and there are no control characters, because
 * a memo is public forever and is shown to people (02 §10).
 */
export function memoProblem(memo: string): string | null {
  if ([...memo].length > MEMO_MAX_CHARACTERS) return `must have at most ${MEMO_MAX_CHARACTERS} characters`;
  if (new TextEncoder().encode(memo).length > MEMO_MAX_BYTES) return `must have at most ${MEMO_MAX_BYTES} UTF-8 bytes`;
  if (CONTROL.test(memo)) return 'must not contain control characters';
  if (!memo.isWellFormed()) return 'must be well-formed Unicode';
  return null;
}

/** Wire form of a memo. */
export const memoSchema = z
  .string()
  .min(1)
  .superRefine((memo, context) => {
    const problem = memoProblem(memo);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
