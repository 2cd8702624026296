import { localError } from './error.ts';

/** A random UUID (v4). `crypto.randomUUID` is missing on pages that were not loaded over a secure connection. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, '0');
  }).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * Checks a key that the caller chose. Spaces at its ends would be lost on the way, and so would be two keys that differ
 * only in them.
 * @throws WAIaaSError INVALID_ARGUMENT
 */
export function checkIdempotencyKey(key: string): string {
  if (typeof key === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(key)) return key;
  throw localError(
    'INVALID_ARGUMENT',
    'idempotencyKey must be 1 to 128 printable ASCII characters without spaces at its ends',
  );
}
