import type { PendingApproval } from '@waiaas/core';
import { paymentText } from '@waiaas/core/owner-text';
import { WAIaaSError } from '../error.ts';

/** What one unit of something is. */
interface Unit {
  readonly decimals: number;
  readonly symbol: string;
  /** The mint or contract; null for the native asset. */
  readonly token: string | null;
}

const NATIVE: Readonly<Record<string, Unit>> = {
  solana: { symbol: 'SOL', decimals: 9, token: null },
  ethereum: { symbol: 'ETH', decimals: 18, token: null },
  polygon: { symbol: 'POL', decimals: 18, token: null },
  arbitrum: { symbol: 'ETH', decimals: 18, token: null },
  base: { symbol: 'ETH', decimals: 18, token: null },
};

const refused = (message: string): WAIaaSError =>
  new WAIaaSError({
    code: 'MESSAGE_REFUSED',
    message: `${message} Nothing was signed.`,
    statusCode: 0,
    retryable: false,
    hint: 'Somebody may have changed the database of the daemon. Look into its audit log.',
  });

/** What a payment is listed to be in, or null when what the listing says of it does not fit together. */
function unitOf({ asset, chain, token }: PendingApproval): Unit | null {
  if (token === undefined) return asset === `${chain}:native` ? (NATIVE[chain] ?? null) : null;
  const { address, decimals, symbol } = token;
  // An asset is named without regard to the letter case of a contract; a mint is named to the letter.
  const named = chain === 'solana' ? address : address.toLowerCase();
  const readable = /^[!-~]+$/.test(symbol) && Number.isInteger(decimals) && decimals >= 0 && decimals <= 18;
  return readable && asset === `${chain}:${named}` ? { decimals, symbol, token: address } : null;
}

/**
 * The words of a payment, which the owner signs, once they have been held against the figures it is listed with: what is
 * listed and what was sealed come from different places in the daemon.
 * @throws WAIaaSError MESSAGE_REFUSED when they differ
 */
export function wordsOf(payment: PendingApproval): string {
  const { inWords, amount, toAddress: to, chain, network } = payment;
  if (inWords === null) throw refused('The stored payment is not the one that was admitted.');
  const unit = unitOf(payment);
  if (unit === null) throw refused('The payment is listed with an asset that is not the one it names.');
  if (!/^(0|[1-9][0-9]*)$/.test(amount)) throw refused('The payment is listed with an amount that is none.');
  if (inWords !== paymentText({ chain, network, to, amount: BigInt(amount), ...unit })) {
    throw refused('The words of the payment are not those of the amount, asset and recipient it is listed with.');
  }
  return inWords;
}
