import type { PendingApproval } from '@waiaas/core';
import { WAIaaSError } from '../error.ts';

const NATIVE: Readonly<Record<string, { readonly chain: string; readonly decimals: number }>> = {
  SOL: { chain: 'solana', decimals: 9 },
  ETH: { chain: 'ethereum', decimals: 18 },
};

const refused = (message: string): WAIaaSError =>
  new WAIaaSError({
    code: 'MESSAGE_REFUSED',
    message: `${message} Nothing was signed.`,
    statusCode: 0,
    retryable: false,
    hint: 'Somebody may have changed the database of the daemon. Look into its audit log.',
  });

/** Digits without the point and the zeros at both ends: equal for equal amounts, whatever the unit. */
const significant = (number: string): string => number.replace('.', '').replace(/^0+|0+$/g, '');

/**
 * The words of a payment, which the owner signs, once they have been held against the figures it is listed with: what is
 * listed and what was sealed come from different places in the daemon.
 * @throws WAIaaSError MESSAGE_REFUSED when they differ
 */
export function wordsOf({ inWords, amount, toAddress, chain, network }: PendingApproval): string {
  if (inWords === null) throw refused('The stored payment is not the one that was admitted.');
  const [, number = '', symbol = ''] = /^pay ([0-9]+(?:\.[0-9]+)?) ([!-~]+) to /.exec(inWords) ?? [];
  if (inWords !== `pay ${number} ${symbol} to ${toAddress} on ${chain} ${network}`) {
    throw refused('The words of the payment are not about the recipient and the network that it is listed with.');
  }
  const native = NATIVE[symbol];
  const fraction = (number.split('.')[1] ?? '').length;
  const exact =
    native === undefined
      ? significant(number) === significant(amount)
      : native.chain === chain &&
        fraction <= native.decimals &&
        BigInt(number.replace('.', '')) * 10n ** BigInt(native.decimals - fraction) === BigInt(amount);
  if (!exact) throw refused('The words of the payment are not about the amount that it is listed with.');
  return inWords;
}
