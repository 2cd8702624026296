import type { EvmNetwork } from './evm-network.ts';
import { larger, smaller } from './extremes.ts';
import type { FeeMarket } from './fee-market.ts';

/** Room for the last digits of the tip, by which equal payments are told apart, wei. Worth nothing even for much gas. */
export const TWIN_ROOM = 1_000n;

/** Gas a transfer to a plain wallet takes; fixed by the protocol. */
export const PLAIN_GAS = 21_000n;

/** What a unit of gas may cost, wei. */
export interface GasPrice {
  readonly maxFeePerGas: bigint;
  /** The tip; up to {@link TWIN_ROOM} wei more are within `maxFeePerGas`. */
  readonly maxPriorityFeePerGas: bigint;
}

const clamp = (value: bigint, low: bigint, high: bigint): bigint => (value < low ? low : value > high ? high : value);

/**
 * Most gas that one transaction may have (EIP-7825). Nodes take none with more, now or later, and it would keep its nonce from
 * all that come after it; chains that allow more are not used to the full.
 */
export const MOST_GAS = 2n ** 24n;

/**
 * Gas limit for an estimate: a fifth more, because the state may change before it lands, as far as a transaction may have it;
 * none more where gas is fixed.
 */
export const gasLimitOf = (estimate: bigint): bigint =>
  estimate <= PLAIN_GAS ? PLAIN_GAS : larger(estimate, smaller((estimate * 6n + 4n) / 5n, MOST_GAS));

/**
 * What to offer: a tip within the bounds of the network, and room for the base fee to double, which takes six full blocks
 * (02 §19.2). Where that would exceed the most a payment may cost, as much as the bound leaves, so long as the very next
 * block could take it.
 *
 * @returns null when the network is dearer than a payment may be
 */
export function gasPrice(
  baseFee: bigint,
  suggestedTip: bigint,
  gas: bigint,
  { minTip, maxTip, maxFee }: Pick<EvmNetwork, 'minTip' | 'maxTip' | 'maxFee'>,
): GasPrice | null {
  const tip = clamp(suggestedTip, minTip, maxTip);
  const ample = 2n * baseFee + tip + TWIN_ROOM;
  const least = baseFee + baseFee / 8n + 1n + tip + TWIN_ROOM;
  const affordable = maxFee / gas;
  if (affordable < least) return null;
  return { maxFeePerGas: ample < affordable ? ample : clamp(affordable, least, ample), maxPriorityFeePerGas: tip };
}

/** The least that pools want of a transaction that takes the place of another, for each of its two prices: an eighth more. */
export const raised = (price: bigint): bigint => price + price / 8n + 1n;

/** Whether blocks pass over a transaction at today's prices: what it leaves for a tip is less than the cheapest ones pay. */
export function isLeftBehind(
  { maxFeePerGas, maxPriorityFeePerGas }: GasPrice,
  { baseFee, tips }: FeeMarket,
  { minTip, maxTip }: Pick<EvmNetwork, 'minTip' | 'maxTip'>,
): boolean {
  return smaller(maxFeePerGas - baseFee, maxPriorityFeePerGas) < clamp(tips.low, minTip, maxTip);
}

/**
 * What to offer in the place of what was offered: what a new payment would, and at least so much more that pools take it.
 *
 * @param signed the largest of both prices that were signed
 * @param most what the gas may cost, wei
 * @returns null when that is not enough for the very next block, or for pools to take it
 */
export function replacementPrice(
  signed: GasPrice,
  { baseFee, tip }: { readonly baseFee: bigint; readonly tip: bigint },
  { gas, most }: { readonly gas: bigint; readonly most: bigint },
  { minTip, maxTip }: Pick<EvmNetwork, 'minTip' | 'maxTip'>,
): GasPrice | null {
  const maxPriorityFeePerGas = larger(clamp(tip, minTip, maxTip), raised(signed.maxPriorityFeePerGas));
  const leastOfAll = raised(signed.maxFeePerGas);
  const least = larger(leastOfAll, baseFee + baseFee / 8n + 1n + maxPriorityFeePerGas);
  const ample = larger(leastOfAll, 2n * baseFee + maxPriorityFeePerGas);
  const affordable = most < 0n ? 0n : most / gas;
  if (maxPriorityFeePerGas > maxTip || affordable < least) return null;
  return { maxFeePerGas: larger(least, smaller(ample, affordable)), maxPriorityFeePerGas };
}
