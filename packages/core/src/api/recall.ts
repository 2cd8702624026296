import { z } from 'zod';
import { recallKindSchema, recallStatusSchema, transactionStatusSchema } from '../enums.ts';
import { idSchema, moneySchema, timestampSchema } from './common.ts';

/** An address of the owner's; its form is checked against the chain of the agent. */
const destinationSchema = z.string().min(1).max(64);

/** Body of POST /v1/owner/agents/:id/recall. */
export const recallRequestSchema = z.strictObject({
  /** The connected owner's own address on the chain of the agent, or the agent's recovery address. */
  destination: destinationSchema,
  /** Tokens that no policy has limits for and the agent never paid with are taken as well; strangers may have sent them. */
  includeUnlisted: z.boolean().default(false),
  /** Leaves what one more transfer costs where something could not be moved. Only the owner can give that up. */
  keepGas: z.boolean().default(true),
});
/** Body of POST /v1/owner/agents/:id/recall as a client writes it. */
export type RecallRequestBody = z.input<typeof recallRequestSchema>;
/** The same as validation leaves it. */
export type RecallRequest = z.output<typeof recallRequestSchema>;

/** Why something was left in the wallet. */
export const LEFT_REASONS = [
  'FROZEN',
  'UNSUPPORTED',
  'UNLISTED',
  'NEEDS_GAS',
  'FAILED',
  'KEPT_FOR_GAS',
  'DUST',
] as const;
/** Why something was left in the wallet. */
export type LeftReason = (typeof LEFT_REASONS)[number];

/** Something that is still in the wallet after a recall. */
export const leftBehindSchema = z.object({
  asset: z.string(),
  /** The mint or contract; absent for the native asset. */
  tokenMint: z.string().optional(),
  /** The token account, on chains that have them. */
  account: z.string().optional(),
  balance: moneySchema,
  reason: z.enum(LEFT_REASONS),
  /** NEEDS_GAS: how much of the native asset is missing. FAILED: what the last attempt came to. */
  detail: z.string().optional(),
});
/** Something that is still in the wallet after a recall. */
export type LeftBehind = z.infer<typeof leftBehindSchema>;

/** A recall as it stands. */
export const recallResponseSchema = z.object({
  recallId: idSchema,
  agentId: idSchema,
  kind: recallKindSchema,
  /** PENDING and EXECUTING go on by themselves; COMPLETED moved everything, PARTIAL some of it, FAILED nothing. */
  status: recallStatusSchema,
  destination: z.string(),
  requestedBy: z.string(),
  requestedAt: timestampSchema,
  startedAt: timestampSchema.optional(),
  endedAt: timestampSchema.optional(),
  /** Why it ended early. */
  error: z.string().optional(),
  /** Its transactions, oldest first. */
  transactions: z.array(
    z.object({
      transactionId: idSchema,
      asset: z.string(),
      tokenMint: z.string().optional(),
      /** Base units; 0 where an account was only closed. */
      amount: moneySchema,
      status: transactionStatusSchema,
      txHash: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
  /** What was still there when it ended. */
  left: z.array(leftBehindSchema),
});
/** A recall as it stands. */
export type RecallResponse = z.infer<typeof recallResponseSchema>;

/** Answer of GET /v1/owner/agents/:id/recalls: newest first. */
export const recallListResponseSchema = z.object({ recalls: z.array(recallResponseSchema) });
/** Answer of GET /v1/owner/agents/:id/recalls. */
export type RecallListResponse = z.infer<typeof recallListResponseSchema>;

/** Body of PUT /v1/owner/agents/:id/recovery-address. */
export const recoveryAddressRequestSchema = z.strictObject({ address: destinationSchema });
/** Body of PUT /v1/owner/agents/:id/recovery-address. */
export type RecoveryAddressRequest = z.infer<typeof recoveryAddressRequestSchema>;

/** Answer of GET and PUT /v1/owner/agents/:id/recovery-address. */
export const recoveryAddressResponseSchema = z.object({
  agentId: idSchema,
  /** Where the agent's funds can be taken now; null: to the connected owner's own address only. */
  address: z.string().nullable(),
  /** What takes its place, and from when on. */
  next: z.object({ address: z.string(), activeFrom: timestampSchema }).nullable(),
});
/** Answer of GET and PUT /v1/owner/agents/:id/recovery-address. */
export type RecoveryAddressResponse = z.infer<typeof recoveryAddressResponseSchema>;

/** Body of POST /v1/agents/:id/terminate. */
export const agentTerminateSchema = z.strictObject({
  /**
   * Assets that may stay in the wallet for good, by their ids: for those that cannot be moved. Whoever may change the
   * policies may give them up.
   */
  waive: z.array(z.string().min(1).max(128)).max(100).default([]),
});
/** Body of POST /v1/agents/:id/terminate as validation leaves it. */
export type AgentTerminate = z.output<typeof agentTerminateSchema>;
