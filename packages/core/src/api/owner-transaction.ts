import { z } from 'zod';
import { tierSchema, transactionStatusSchema } from '../enums.ts';
import { chainSchema, networkSchema } from '../network.ts';
import { idSchema, nextCursorSchema, pageQuery, tokenSchema } from './common.ts';
import { transactionResponseSchema } from './transaction.ts';

/** Query of GET /v1/owner/transactions. Everything given narrows the list. */
export const ownerTransactionListQuerySchema = z.strictObject({
  agentId: idSchema.optional(),
  sessionId: idSchema.optional(),
  status: transactionStatusSchema.optional(),
  tier: tierSchema.optional(),
  ...pageQuery,
});
export type OwnerTransactionListQuery = z.output<typeof ownerTransactionListQuerySchema>;

/** A payment as the operator and the owner see it: what its agent sees, and whose it is. */
export const ownerTransactionSchema = transactionResponseSchema.omit({ replayed: true }).extend({
  agentId: idSchema,
  agentName: z.string(),
  /** Absent once the session has been cleaned up. */
  sessionId: idSchema.optional(),
  chain: chainSchema,
  network: networkSchema,
  asset: z.string(),
  /** What is paid, where it is a token; from the admitted payment, so absent when the stored one is another. */
  token: tokenSchema.optional(),
  memo: z.string().optional(),
});
export type OwnerTransaction = z.infer<typeof ownerTransactionSchema>;

/** Answer of GET /v1/owner/transactions. */
export const ownerTransactionListResponseSchema = z.object({
  transactions: z.array(ownerTransactionSchema),
  nextCursor: nextCursorSchema,
});
export type OwnerTransactionListResponse = z.infer<typeof ownerTransactionListResponseSchema>;
