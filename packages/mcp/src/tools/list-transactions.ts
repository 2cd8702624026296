import { idSchema, transactionStatusSchema } from '@waiaas/core';
import { z } from 'zod';
import { markUntrusted } from '../untrusted.ts';
import { defineTool, reads } from './tool.ts';

/** The tool that lists payments. */
export const listTransactions = defineTool({
  name: 'list_transactions',
  description:
    'Payments of the wallet, newest first unless order is asc. nextCursor leads to the next page and is null on the last. status QUEUED lists those that wait for time or for the owner.',
  annotations: reads('Payments'),
  input: {
    status: transactionStatusSchema.optional().describe('Only payments in this state.'),
    limit: z.int().min(1).max(100).optional().describe('Payments on a page; 20 unless given.'),
    cursor: idSchema.optional().describe('nextCursor of the page before.'),
    order: z.enum(['asc', 'desc']).optional().describe('asc: oldest first.'),
  },
  call: async (query, { session, signal }) =>
    markUntrusted(await session.call((client) => client.listTransactions(query, { signal }))),
});
