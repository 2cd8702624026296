import type { UnsignedTransaction } from '@waiaas/core';
import { isAddressEqual } from 'viem';
import { callOf } from './call-of.ts';
import type { EvmNetwork } from './evm-network.ts';
import { MOST_GAS } from './fee.ts';
import { decodePayment, type PaymentFields } from './payment-bytes.ts';
import type { CheckedRequest } from './request-check.ts';

/** Part of a payment that is not what was asked for; `form` when the bytes are no payment at all. */
export type Mismatch = keyof PaymentFields | 'decimals' | 'fee' | 'form';

/** The fields of a transaction that does what was asked for, or the first part that does not. */
export type Verified = { readonly fields: PaymentFields; readonly mismatch: null } | { readonly mismatch: Mismatch };

/**
 * Compares what the bytes of a transaction do with what its request asks for, field by field (02 §14, "sign what was
 * approved"). What moves money is compared with the request; nonce, gas and price with what the build recorded; the fee with
 * the estimate that was shown to the policy and with the bound of the network.
 */
export function verifyPayment(
  bytes: Uint8Array,
  request: CheckedRequest,
  { metadata, estimatedFee }: Pick<UnsignedTransaction, 'metadata' | 'estimatedFee'>,
  { chainId, maxFee }: EvmNetwork,
): Verified {
  const decoded = decodePayment(bytes);
  if (decoded === null || decoded.signature !== null) return { mismatch: 'form' };
  const { fields } = decoded;
  const expected = callOf(request);
  if (fields.chainId !== chainId) return { mismatch: 'chainId' };
  if (!isAddressEqual(fields.to, expected.to)) return { mismatch: 'to' };
  if (fields.value !== expected.value) return { mismatch: 'value' };
  if (fields.data !== expected.data) return { mismatch: 'data' };
  if (fields.nonce !== metadata.nonce) return { mismatch: 'nonce' };
  if (fields.gas !== metadata.gasLimit || fields.gas > MOST_GAS) return { mismatch: 'gas' };
  if (fields.maxFeePerGas !== metadata.maxFeePerGas) return { mismatch: 'maxFeePerGas' };
  if (fields.maxPriorityFeePerGas !== metadata.maxPriorityFeePerGas) return { mismatch: 'maxPriorityFeePerGas' };
  // Other digits are another payment, even if the bytes are the same.
  if (request.token?.decimals !== metadata.tokenDecimals) return { mismatch: 'decimals' };
  const most = fields.gas * fields.maxFeePerGas;
  const named = request.fee ?? most;
  return most > maxFee || most > estimatedFee || most > named ? { mismatch: 'fee' } : { fields, mismatch: null };
}
