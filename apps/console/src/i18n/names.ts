import { isTextKey } from './en.ts';
import type { Say } from './language.tsx';

/**
 * What the API names by a code, in words; the code itself where there are none. The code belongs beside the words wherever
 * somebody may look for it: it is what logs, documents and the command line call it.
 * @example nameInWords('SPENDING_LIMIT', t) // "Spending limit"
 */
export function nameInWords(code: string, t: Say): string {
  const key = `name.${code}`;
  return isTextKey(key) ? t(key) : code;
}
