/**
 * Amount as people read it: whole units, trailing zeros trimmed, then the symbol. Integer arithmetic only (02 §2.2).
 * @throws RangeError when the amount is negative.
 * @example formatUnits(1500000000n, 9, 'SOL') // "1.5 SOL"
 */
export function formatUnits(amount: bigint, decimals: number, symbol: string): string {
  if (amount < 0n) throw new RangeError('An amount in base units cannot be negative');
  const scale = 10n ** BigInt(decimals);
  const fraction = (amount % scale).toString().padStart(decimals, '0').replace(/0+$/, '');
  return `${amount / scale}${decimals > 0 && fraction !== '' ? `.${fraction}` : ''} ${symbol}`;
}
