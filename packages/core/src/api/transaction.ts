import { z } from 'zod';
import { amountSchema } from '../base-units.ts';
import { feePrioritySchema, tierSchema, transactionStatusSchema, transactionTypeSchema } from '../enums.ts';
import { memoSchema } from '../memo.ts';
import { idSchema, moneySchema, nextCursorSchema, pageQuery, timestampSchema } from './common.ts';

/** Body of POST /v1/transactions/send. Unknown keys are refused, and so is a token that would not be paid with. */
export const transferRequestSchema = z
  .strictObject({
    /** The recipient's wallet, for tokens too: never a token account. */
    to: z.string().min(1).max(128),
    /** Base units of what is paid, decimal string. */
    amount: amountSchema,
    type: transactionTypeSchema.default('TRANSFER'),
    /** TOKEN_TRANSFER: the mint on Solana, the contract on EVM chains. */
    tokenMint: z.string().min(1).max(128).optional(),
    memo: memoSchema.optional(),
    priority: feePrioritySchema.default('medium'),
  })
  .superRefine(({ type, tokenMint }, context) => {
    if ((type === 'TOKEN_TRANSFER') === (tokenMint !== undefined)) return;
    const message =
      tokenMint === undefined ? 'must be given for a TOKEN_TRANSFER' : 'must be given for a TOKEN_TRANSFER only';
    context.addIssue({ code: 'custom', path: ['tokenMint'], message });
  });
/** Body of POST /v1/transactions/send as a client writes it. */
export type TransferRequestBody = z.input<typeof transferRequestSchema>;

/** The header that makes a payment repeatable: 1–128 printable ASCII characters (04 §8). */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters');

/** A transaction as its agent sees it (06 §2.3, E32). */
export const transactionResponseSchema = z.object({
  transactionId: idSchema,
  status: transactionStatusSchema,
  type: transactionTypeSchema,
  /** The mint or contract of what is paid; absent for the native asset. */
  tokenMint: z.string().optional(),
  /** Base units of what is paid. */
  amount: moneySchema,
  toAddress: z.string(),
  tier: tierSchema.optional(),
  /** From SUBMITTED on. */
  txHash: z.string().optional(),
  /** Network fee actually paid, once known. */
  fee: moneySchema.optional(),
  createdAt: timestampSchema,
  queuedAt: timestampSchema.optional(),
  executedAt: timestampSchema.optional(),
  /** DELAY: when it will run. APPROVAL: until when it may be approved. */
  expiresAt: timestampSchema.optional(),
  /** Code, or code and reason, when it did not succeed. */
  error: z.string().optional(),
  /**
   * Only in the answer to a request to pay: the payment had been asked for before under the same Idempotency-Key, and this
   * request began nothing new. Errors say the same in `details.replayed`.
   */
  replayed: z.literal(true).optional(),
});
export type TransactionResponse = z.infer<typeof transactionResponseSchema>;

/** Query of GET /v1/transactions. */
export const transactionListQuerySchema = z.strictObject({ status: transactionStatusSchema.optional(), ...pageQuery });
/** Query of GET /v1/transactions as a client writes it. */
export type TransactionListQuery = {
  readonly [Key in keyof z.infer<typeof transactionListQuerySchema>]?:
    | z.infer<typeof transactionListQuerySchema>[Key]
    | undefined;
};

/** Answer of GET /v1/transactions. */
export const transactionListResponseSchema = z.object({
  transactions: z.array(transactionResponseSchema),
  nextCursor: nextCursorSchema,
});
export type TransactionListResponse = z.infer<typeof transactionListResponseSchema>;

/** Answer of GET /v1/transactions/pending: queued transactions that wait for time or for the owner. */
export const pendingTransactionListResponseSchema = z.object({ transactions: z.array(transactionResponseSchema) });
export type PendingTransactionListResponse = z.infer<typeof pendingTransactionListResponseSchema>;
