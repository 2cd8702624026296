import { z } from 'zod';
import type { Branded } from './ids.ts';

/** An amount in the smallest unit of its asset (lamports, wei): a whole number, never negative (06 §2). */
export type BaseUnits = Branded<bigint, 'BaseUnits'>;

const isBaseUnits = (value: bigint): value is BaseUnits => value >= 0n;

/**
 * Checks and brands an amount.
 * @throws RangeError when it is negative.
 */
export function baseUnits(value: bigint): BaseUnits {
  if (!isBaseUnits(value)) throw new RangeError('An amount in base units cannot be negative');
  return value;
}

const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;
const POSITIVE_DECIMAL = /^[1-9][0-9]{0,77}$/;

/**
 * Reads a decimal string such as `"1500000000"`. Signs, spaces, hexadecimal, exponents, fractions, leading zeros and
 * more than 78 digits are refused: `BigInt()` alone would take some of them (04 §9, 06 §2).
 * @throws RangeError when the text is not of that form.
 */
export function parseBaseUnits(text: string): BaseUnits {
  if (!DECIMAL.test(text)) throw new RangeError('An amount must be a decimal string of base units');
  return baseUnits(BigInt(text));
}

/** Sum of amounts, in BigInt as every sum of money (00 §3). */
export const sumBaseUnits = (amounts: Iterable<bigint>): BaseUnits => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return baseUnits(total);
};

/**
 * Reads whole units as people write them, such as `"0.05"`, into base units.
 * @throws RangeError when the text is not a plain decimal number or has more fraction digits than the asset.
 * @example parseUnits('0.05', 9) // 50000000n
 */
export function parseUnits(text: string, decimals: number): BaseUnits {
  const match = /^(0|[1-9][0-9]{0,59})(?:\.([0-9]{1,60}))?$/.exec(text);
  if (match === null) throw new RangeError('An amount in whole units must be a plain decimal number');
  const [, whole = '0', fraction = ''] = match;
  if (fraction.length > decimals)
    throw new RangeError(`An amount of this asset has at most ${decimals} fraction digits`);
  return baseUnits(BigInt(whole) * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, '0') || '0'));
}

/** Wire form of an amount to pay: a decimal string greater than zero. */
export const amountSchema = z
  .string()
  .regex(POSITIVE_DECIMAL, 'must be a decimal string of base units greater than zero, at most 78 digits');

/** Wire form of a limit or a balance: a decimal string, zero allowed. */
export const limitSchema = z.string().regex(DECIMAL, 'must be a decimal string of base units, at most 78 digits');
