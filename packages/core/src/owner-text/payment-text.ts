import { formatUnits } from '../format-units.ts';
import type { Chain, Network } from '../network.ts';

/** Everything the words of a payment say. */
export interface PaymentFigures {
  readonly chain: Chain;
  readonly network: Network;
  /** Recipient in full. */
  readonly to: string;
  /** Base units. */
  readonly amount: bigint;
  readonly decimals: number;
  /** One word: that of the native asset, or the one a token is shown with. */
  readonly symbol: string;
  /** The mint or contract in full; null for the native asset. */
  readonly token: string | null;
}

/**
 * A payment in words (00 §3): amount in whole units, symbol, token and recipient in full, chain and network.
 * @example paymentText(native) // "pay 12.5 SOL to <recipient> on solana devnet"
 * @example paymentText(usdc) // "pay 3 USDC (token <mint>) to <recipient> on solana devnet"
 */
export function paymentText({ chain, network, to, amount, decimals, symbol, token }: PaymentFigures): string {
  const what = formatUnits(amount, decimals, symbol);
  return `pay ${what}${token === null ? '' : ` (token ${token})`} to ${to} on ${chain} ${network}`;
}
