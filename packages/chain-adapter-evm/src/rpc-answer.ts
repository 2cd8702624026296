import { type Address, getAddress, type Hex, isAddress } from 'viem';

/** A node answered with something that is not what the method promises. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';

  constructor(what: string) {
    super(`The node's answer has no usable ${what}`);
  }
}

const QUANTITY = /^0x[0-9a-f]{1,64}$/i;
const HASH = /^0x[0-9a-f]{64}$/i;
const DATA = /^0x([0-9a-f]{2})*$/i;

/** A number of a node's answer, at most 256 bits. The types of a library are promises of the node, not checks. */
export function quantityOf(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !QUANTITY.test(value)) throw new UnexpectedAnswer(what);
  return BigInt(value);
}

/** A hash of a node's answer, in lower case. */
export function hashOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || !HASH.test(value)) throw new UnexpectedAnswer(what);
  return value.toLowerCase();
}

const isHex = (value: unknown): value is Hex => typeof value === 'string' && DATA.test(value);

/** Bytes of a node's answer. */
export function dataOf(value: unknown, what: string): Hex {
  if (!isHex(value)) throw new UnexpectedAnswer(what);
  return value;
}

/** An address of a node's answer, with its checksum. */
export function addressOf(value: unknown, what: string): Address {
  if (typeof value !== 'string' || !isAddress(value, { strict: false })) throw new UnexpectedAnswer(what);
  return getAddress(value);
}

/** A list of a node's answer. */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new UnexpectedAnswer(what);
  return value;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of a node's answer. */
export function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new UnexpectedAnswer(what);
  return value;
}

/** A number as JSON-RPC has it. */
export const toQuantity = (value: bigint | number): Hex => `0x${value.toString(16)}`;
