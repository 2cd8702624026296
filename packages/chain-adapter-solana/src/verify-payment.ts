import type { UnsignedTransaction } from '@waiaas/core';
import { type DecodedPayment, decodePayment } from './decode-payment.ts';
import { BASE_FEE, priorityFee } from './fee.ts';

/** Part of a payment that is not what was asked for; `form` when the bytes are no payment at all. */
export type Mismatch = keyof DecodedPayment | 'fee' | 'form';

/**
 * Compares what the bytes of a transaction do with what its request asks for, field by field (02 §14, "sign what was
 * approved"). The blockhash and the compute budget are compared with what the build recorded, the fee with the estimate
 * that was shown to the policy and with the cap.
 * @returns the first part that differs, or null when the bytes do exactly what was asked for.
 */
export function paymentMismatch(message: Uint8Array, built: UnsignedTransaction, maxFee: bigint): Mismatch | null {
  const { request, metadata } = built;
  const payment = readable(message);
  if (payment === null) return 'form';
  if (payment.feePayer !== request.from) return 'feePayer';
  if (payment.source !== request.from) return 'source';
  if (payment.destination !== request.to) return 'destination';
  if (payment.amount !== request.amount) return 'amount';
  if (payment.memo !== request.memo) return 'memo';
  if (payment.blockhash !== metadata.blockhash) return 'blockhash';
  if (payment.unitLimit !== metadata.computeUnitLimit) return 'unitLimit';
  if (payment.unitPrice !== metadata.computeUnitPrice) return 'unitPrice';
  const bid = priorityFee(payment.unitLimit, payment.unitPrice);
  return bid > maxFee || BASE_FEE + bid > built.estimatedFee ? 'fee' : null;
}

const readable = (message: Uint8Array): DecodedPayment | null => {
  try {
    return decodePayment(message);
  } catch {
    // Whatever the reason, bytes that cannot be read are not signed.
    return null;
  }
};
