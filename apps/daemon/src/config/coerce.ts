import type { KeyKind } from './key.ts';

/** A value read from a text, or the fact that the text is not of the key's kind. */
export type Coerced = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

const REFUSED: Coerced = { ok: false };
const accept = (value: unknown): Coerced => ({ ok: true, value });

const jsonList = (text: string): Coerced => {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? accept(value) : REFUSED;
  } catch (error) {
    if (error instanceof SyntaxError) return REFUSED;
    throw error;
  }
};

/**
 * Reads the text form of a key by the key's own kind, never by what the text looks like: a digits-only secret stays a
 * text, `yes` is no boolean, and an empty text is no number (01 §1.4).
 */
export function coerce(kind: KeyKind, text: string): Coerced {
  switch (kind) {
    case 'text':
      return accept(text);
    case 'integer':
      return /^-?[0-9]{1,15}$/.test(text) ? accept(Number(text)) : REFUSED;
    case 'boolean':
      return text === 'true' ? accept(true) : text === 'false' ? accept(false) : REFUSED;
    case 'list':
      return jsonList(text);
    case 'text-or-list':
      return text.trimStart().startsWith('[') ? jsonList(text) : accept(text);
  }
}
