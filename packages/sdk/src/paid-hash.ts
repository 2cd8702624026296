import type { TransactionResponse } from '@waiaas/core';
import type { WAIaaSClient } from './client.ts';
import { WAIaaSError } from './error.ts';
import type { WaitForTransactionOptions } from './types.ts';

/**
 * The hash of a payment once it is sent: at once, or when the delay is over or the owner has approved.
 * @throws WAIaaSError PAYMENT_ENDED when it ended otherwise, TIMEOUT when it takes longer; the payment goes on
 */
export async function paidHash(
  client: WAIaaSClient,
  payment: TransactionResponse,
  options: WaitForTransactionOptions,
): Promise<string> {
  const sent = (transaction: TransactionResponse): boolean =>
    transaction.txHash !== undefined && (transaction.status === 'SUBMITTED' || transaction.status === 'CONFIRMED');
  const { transactionId, status, txHash, error } = sent(payment)
    ? payment
    : await client.waitForTransaction(payment.transactionId, options);
  if (status !== 'FAILED' && status !== 'CANCELLED' && status !== 'EXPIRED' && txHash !== undefined) return txHash;
  throw new WAIaaSError({
    code: 'PAYMENT_ENDED',
    message: `The payment ended ${status}; nothing was paid.`,
    statusCode: 0,
    retryable: false,
    details: { transactionId, status, ...(error === undefined ? {} : { error }) },
  });
}
