const GROUPS = /\B(?=(\d{3})+$)/g;
/** Two commas, or one with a point after it: a single comma means a point to half of the world. */
const THOUSANDS = /^[1-9]\d{0,2}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})$/;

/** What one whole unit of a chain's native asset is. */
export interface Unit {
  readonly decimals: number;
  readonly symbol: string;
}

const NATIVE: Readonly<Record<string, Unit>> = {
  solana: { symbol: 'SOL', decimals: 9 },
  ethereum: { symbol: 'ETH', decimals: 18 },
  polygon: { symbol: 'POL', decimals: 18 },
  arbitrum: { symbol: 'ETH', decimals: 18 },
  base: { symbol: 'ETH', decimals: 18 },
};

/** The unit of a chain's native asset; base units of nothing known for a chain that this console does not know. */
export const nativeUnit = (chain: string): Unit => NATIVE[chain] ?? { symbol: '', decimals: 0 };

/** The unit a payment is told in: its token's, or the chain's own. An unknown token is told in base units. */
export function unitOf(payment: {
  readonly chain: string;
  readonly asset: string;
  readonly token?: { readonly decimals: number; readonly symbol: string } | undefined;
}): Unit {
  if (payment.token !== undefined) return payment.token;
  return payment.asset === `${payment.chain}:native`
    ? nativeUnit(payment.chain)
    : { symbol: payment.asset, decimals: 0 };
}

/**
 * Base units in whole units, to the last digit, with thousands apart. Integer arithmetic only: no amount is rounded.
 * @example wholeUnits('1234500000000', 9) // "1,234.5"
 */
export function wholeUnits(base: string, decimals: number): string {
  if (!/^\d+$/.test(base)) return base;
  const digits = base.padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals).replace(GROUPS, ',');
  const fraction = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** An amount with its symbol. */
export const shown = (base: string, { decimals, symbol }: Unit): string =>
  `${wholeUnits(base, decimals)} ${symbol}`.trim();

/**
 * What somebody typed in whole units, as base units; null when it is no amount of the asset. A comma is taken only where it
 * can set thousands apart and nothing else: who means half by "0,5" must not get five, and who means one and a half by
 * "1,500" must not get a thousand times that.
 * @example baseUnits('0.1', 9) // "100000000"
 */
export function baseUnits(text: string, decimals: number): string | null {
  const typed = text.trim();
  if (typed.includes(',') && !THOUSANDS.test(typed)) return null;
  const match = /^(\d{1,60})(?:\.(\d{1,60}))?$/.exec(typed.replaceAll(',', ''));
  if (match === null) return null;
  const [, whole = '', fraction = ''] = match;
  if (fraction.length > decimals) return null;
  return BigInt(whole + fraction.padEnd(decimals, '0')).toString();
}

/**
 * What somebody typed in whole units, as every other amount is shown; as it was typed where it is none.
 * @example asShown('1900.50', 9) // "1,900.5"
 */
export function asShown(typed: string, { decimals }: Unit): string {
  const base = baseUnits(typed, decimals);
  return base === null ? typed.trim() : wholeUnits(base, decimals);
}

/** A share of a whole in thousandths, for bars: exact enough to draw, never used to decide. */
export const perMille = (part: bigint, whole: bigint): number =>
  whole <= 0n ? 0 : Number((part * 1000n) / whole > 1000n ? 1000n : (part * 1000n) / whole);

/** The smallest and the largest of amounts; both 0 where there are none. */
export function extremes(amounts: readonly bigint[]): { readonly least: bigint; readonly most: bigint } {
  const [first = 0n, ...rest] = amounts;
  let [least, most] = [first, first];
  for (const amount of rest) {
    if (amount < least) least = amount;
    if (amount > most) most = amount;
  }
  return { least, most };
}
