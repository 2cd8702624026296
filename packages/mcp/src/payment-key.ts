import { crypto } from './crypto.ts';

/** What makes two requests of a model one payment. */
export interface PaymentIdentity {
  readonly to: string;
  /** Base units, decimal string. */
  readonly amount: string;
  /** Mint or contract of the token; absent for the native asset. */
  readonly token?: string | undefined;
  /** Which payment of this amount to this recipient it is. */
  readonly reference?: string | undefined;
}

/** A reference without what a model may write differently the second time: letter case, spaces, punctuation. */
export const foldReference = (reference: string): string =>
  (
    reference
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).join('-');

/** Hexadecimal addresses are the same in either case. */
const sameCase = (address: string): string => (/^0x/i.test(address) ? address.toLowerCase() : address);

/**
 * The idempotency key of a payment, from what the model asked for: a model that asks again, because an answer was lost, its
 * conversation was cut short or it simply repeats itself, gets the same key, and the daemon pays a key once, for ever.
 *
 * Memo and priority are not in it: a model that repeats itself words a memo anew. The daemon refuses one key with two
 * memos, so that such a repetition is told and not paid. Nor is the time: whatever the length of a period, a retry at its
 * end would be paid twice. Who means a second payment says so with a reference.
 */
export function paymentKey({ to, amount, token, reference }: PaymentIdentity): string {
  const identity = [
    'waiaas-mcp-payment-1',
    sameCase(to),
    amount,
    token === undefined ? null : sameCase(token),
    reference === undefined ? null : foldReference(reference),
  ];
  return `mcp-${crypto().createHash('sha256').update(JSON.stringify(identity), 'utf8').digest('hex')}`;
}
