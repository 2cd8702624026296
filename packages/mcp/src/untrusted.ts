/** A text from outside, marked so that a model does not take it for an instruction. */
export interface UntrustedText {
  readonly untrustedText: string;
}

/** Longest text from outside that is handed on, characters. */
const LONGEST = 500;

/** What can hold no instruction: numbers, ids, times, addresses, hashes, amounts for people, and single words. */
const PLAIN: readonly RegExp[] = [
  /^-?\d{1,78}$/,
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  /^0x[0-9a-fA-F]{1,130}$/,
  /^[0-9a-f]{32,64}$/,
  /^[1-9A-HJ-NP-Za-km-z]{32,88}$/,
  /^\d+(?:\.\d+)? [A-Za-z0-9]{1,11}$/,
  /^[A-Za-z][A-Za-z0-9._:/-]{0,31}$/,
  /^[A-Z][A-Z0-9_]{0,47}$/,
];

/** Characters that are not seen or change how others are: controls, formats, line ends, private and unassigned ones. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Variation_Selector}]/gu;

/** Marks one text. */
export function untrusted(text: string): UntrustedText {
  const characters = [...text.replace(HIDDEN, '\u{FFFD}')];
  const shown = characters.slice(0, LONGEST).join('');
  return { untrustedText: characters.length > LONGEST ? `${shown}… (cut)` : shown };
}

/**
 * A value as it may be shown to a model: every text that could hold an instruction is marked, wherever it stands. What is
 * not known to be harmless counts as a text from outside: memos, names, symbols, what a node said about an error.
 */
export function markUntrusted(value: unknown): unknown {
  if (typeof value === 'string') return PLAIN.some((form) => form.test(value)) ? value : untrusted(value);
  if (Array.isArray(value)) return value.map(markUntrusted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [/^\w{1,64}$/.test(key) ? key : '?', markUntrusted(field)]),
  );
}
