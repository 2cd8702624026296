import type { JsonValue } from './json-value.ts';

const MAY_HOLD_BIG_INTEGER = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * Parses JSON without rounding: an integer that a double cannot hold comes back as a bigint, every other number as a
 * number.
 *
 * @throws SyntaxError when the text is not JSON
 * @example parseJson('[1, 18446744073709551615]') // [1, 18446744073709551615n]
 */
export function parseJson(text: string): JsonValue {
  // The reviver makes parsing several times slower and almost no request needs it.
  return MAY_HOLD_BIG_INTEGER.test(text) ? JSON.parse(text, keepBigIntegers) : JSON.parse(text);
}

/** The third argument (the source text of a primitive) is newer than the type library, hence the rest parameter. */
function keepBigIntegers(...[, value, context]: unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = sourceOf(context);
  return source !== undefined && INTEGER.test(source) ? BigInt(source) : value;
}

function sourceOf(context: unknown): string | undefined {
  if (typeof context !== 'object' || context === null || !('source' in context)) return undefined;
  return typeof context.source === 'string' ? context.source : undefined;
}
