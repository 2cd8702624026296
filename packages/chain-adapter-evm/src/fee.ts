import type { EvmNetwork } from './evm-network.ts';

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

/** Gas limit for an estimate: a fifth more, because the state may change before it lands; none more where gas is fixed. */
export const gasLimitOf = (estimate: bigint): bigint => (estimate <= PLAIN_GAS ? PLAIN_GAS : (estimate * 6n + 4n) / 5n);

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
