import type { SignedVariant, TransferRequest, UnsignedTransaction } from '@waiaas/core';
import { SIGNATURE_BYTES } from './fake-signature.ts';
import { FEE_PER_PRICE, type NonceTransfer } from './nonce-ledger.ts';

/** What a transaction says beside the payment. */
export interface NonceTerms {
  readonly nonce: number;
  readonly price: bigint;
  /** What makes it different from every other one of its payment, nonce and price. */
  readonly salt: string;
}

/** The nonce of what has none yet. */
export const UNPLACED = -1;

/** The one encoding of a payment: JSON, so that failures of tests can be read. */
export const encodeNonceMessage = (request: TransferRequest, { nonce, price, salt }: NonceTerms): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      from: request.from,
      to: request.to,
      amount: request.amount.toString(),
      memo: request.memo ?? null,
      token: request.token === undefined ? null : { mint: request.token.address, decimals: request.token.decimals },
      nonce,
      price: price.toString(),
      salt,
    }),
  );

/** Reads a message back. @throws an error of any kind when the bytes are none */
export function decodeNonceMessage(message: Uint8Array): NonceTransfer & NonceTerms {
  const { from, to, amount, memo, token, nonce, price, salt } = JSON.parse(new TextDecoder().decode(message));
  return { from, to, amount: BigInt(amount), memo, token: token?.mint ?? null, nonce, price: BigInt(price), salt };
}

/** What signed bytes say. @throws an error of any kind when they are none */
export const decodeSigned = (bytes: SignedVariant['bytes']): NonceTransfer & NonceTerms =>
  decodeNonceMessage(bytes.subarray(SIGNATURE_BYTES));

/** Whether two transactions make the same payment, whatever they offer. */
export const isSameTransfer = (one: NonceTransfer, other: NonceTransfer): boolean =>
  one.from === other.from &&
  one.to === other.to &&
  one.amount === other.amount &&
  one.memo === other.memo &&
  one.token === other.token;

/**
 * What a transaction says, if its bytes are those of its request and of the record of its build, and offer no more than it allows;
 * null otherwise.
 */
export function termsOf({ request, serialized, metadata }: UnsignedTransaction): NonceTerms | null {
  let terms: NonceTerms;
  try {
    const { nonce, price, salt } = decodeNonceMessage(serialized);
    terms = { nonce, price, salt };
  } catch {
    // Whatever cannot be read is no transaction.
    return null;
  }
  const isWhatWasAsked = Buffer.from(encodeNonceMessage(request, terms)).equals(serialized);
  const isAsBuilt = metadata.nonce === terms.nonce && metadata.price === terms.price && metadata.salt === terms.salt;
  const isWithinFee = request.fee === undefined || terms.price * FEE_PER_PRICE <= request.fee;
  return isWhatWasAsked && isAsBuilt && isWithinFee ? terms : null;
}
