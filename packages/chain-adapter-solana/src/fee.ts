/** Network fee for each signature, lamports; fixed by the protocol (02 §11). A payment has one signature. */
export const BASE_FEE = 5_000n;

const MICRO = 1_000_000n;
const ceilDiv = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;

/** Lamports the network bills for a compute-unit limit at a price in micro-lamports. It bills the limit, not the use. */
export const priorityFee = (unitLimit: number, unitPrice: bigint): bigint =>
  ceilDiv(BigInt(unitLimit) * unitPrice, MICRO);

/**
 * What a payment may bid in all, lamports: the going price for its limit, no more than the cap.
 * @param unitPrice micro-lamports for each compute unit
 */
export function priorityBudget(unitLimit: number, unitPrice: bigint, cap: bigint): bigint {
  const going = priorityFee(unitLimit, unitPrice);
  return going < cap ? going : cap;
}

/**
 * The highest price that keeps a limit within a budget. The budget comes first, so that raising the limit of one of two
 * equal payments does not make it dearer, and a quote is the fee of the build that follows it.
 */
export const unitPriceWithin = (budget: bigint, unitLimit: number): bigint => (budget * MICRO) / BigInt(unitLimit);
