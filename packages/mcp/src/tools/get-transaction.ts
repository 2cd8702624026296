import { idSchema } from '@waiaas/core';
import { markUntrusted } from '../untrusted.ts';
import { defineTool, reads } from './tool.ts';

/** The tool that looks a payment up. */
export const getTransaction = defineTool({
  name: 'get_transaction',
  description:
    'One payment of the wallet: status (PENDING, QUEUED, EXECUTING, SUBMITTED, CONFIRMED, FAILED, CANCELLED, EXPIRED), tier, txHash once it was sent, its times, and error when it ended without paying.',
  annotations: reads('One payment'),
  input: { transaction_id: idSchema.describe('transactionId of the payment.') },
  call: async ({ transaction_id }, { session, signal }) =>
    markUntrusted(await session.call((client) => client.getTransaction(transaction_id, { signal }))),
});
