/** A node answered with something that is not what the method promises. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';

  constructor(what: string) {
    super(`The node's answer has no usable ${what}`);
  }
}

/** A whole number of a node's answer. The types of kit are promises of the node, not checks. */
export function bigintOf(value: unknown, what: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw new UnexpectedAnswer(what);
}

/** A number of a node's answer that cannot be negative. */
export function naturalOf(value: unknown, what: string): bigint {
  const natural = bigintOf(value, what);
  if (natural < 0n) throw new UnexpectedAnswer(what);
  return natural;
}

/** A list of a node's answer. */
export function listOf(value: unknown, what: string, length?: number): readonly unknown[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) throw new UnexpectedAnswer(what);
  return value;
}

/** A text of a node's answer. */
export function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new UnexpectedAnswer(what);
  return value;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of a node's answer. */
export function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new UnexpectedAnswer(what);
  return value;
}
