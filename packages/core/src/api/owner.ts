import { z } from 'zod';
import { killSwitchStatusSchema, tierSchema, transactionStatusSchema, transactionTypeSchema } from '../enums.ts';
import { chainSchema, networkSchema, ownerChainSchema } from '../network.ts';
import { OWNER_ACTIONS } from '../owner-text/owner-action.ts';
import { idSchema, moneySchema, nextCursorSchema, pageQuery, timestampSchema, tokenSchema } from './common.ts';

/** What an owner's signature authorises, on the wire. */
export const ownerActionSchema = z.enum(OWNER_ACTIONS);

/** An owner's address; its form is checked against the chain. */
const addressSchema = z.string().min(1).max(64);

/**
 * Body of POST /v1/owner/messages: the request that will carry the signature (00 §3). `body` is its body to the byte as a
 * text, or as a value, which then has to be sent as `JSON.stringify` writes it; absent when it has none.
 */
export const ownerMessageRequestSchema = z.strictObject({
  chain: ownerChainSchema,
  address: addressSchema,
  action: ownerActionSchema,
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']),
  /** As in the request line, with the query where there is one. */
  path: z.string().regex(/^\/[\x21-\x7e]{0,2047}$/, 'must be the path of the request'),
  body: z.union([z.string().max(65_536), z.record(z.string(), z.unknown())]).optional(),
});
export type OwnerMessageRequest = z.infer<typeof ownerMessageRequestSchema>;

/** Answer of POST /v1/owner/messages: the text to sign as it is, good for one use until it expires. */
export const ownerMessageResponseSchema = z.object({
  message: z.string(),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  expiresAt: timestampSchema,
});
export type OwnerMessageResponse = z.infer<typeof ownerMessageResponseSchema>;

/** Body of POST /v1/owner/connect. */
export const ownerConnectSchema = z.strictObject({ address: addressSchema, chain: ownerChainSchema });
export type OwnerConnect = z.infer<typeof ownerConnectSchema>;

/** Answer of POST /v1/owner/connect. */
export const ownerConnectResponseSchema = z.object({
  ownerId: idSchema,
  address: z.string(),
  chain: ownerChainSchema,
  connectedAt: timestampSchema,
});
export type OwnerConnectResponse = z.infer<typeof ownerConnectResponseSchema>;

/**
 * Body of POST /v1/owner/change: the new owner, with a message its wallet signed. That message has the statement of
 * `connect_owner` and is bound to POST /v1/owner/change with the body `{"address":…,"chain":…}` of the new owner alone.
 */
export const ownerChangeSchema = z.strictObject({
  address: addressSchema,
  chain: ownerChainSchema,
  message: z.string().min(1).max(4096),
  signature: z.string().min(1).max(256),
});
export type OwnerChange = z.infer<typeof ownerChangeSchema>;

/** Answer of POST /v1/owner/change. */
export const ownerChangeResponseSchema = ownerConnectResponseSchema.extend({
  previousAddress: z.string(),
  /** Payments that waited for the previous owner's approval and expired with the change. */
  expiredTransactions: z.int(),
});
export type OwnerChangeResponse = z.infer<typeof ownerChangeResponseSchema>;

/** Answer of DELETE /v1/owner/disconnect. */
export const ownerDisconnectResponseSchema = z.object({
  disconnected: z.literal(true),
  disconnectedAt: timestampSchema,
  /** Payments that waited for the owner's approval and expired with the connection. */
  expiredTransactions: z.int(),
});
export type OwnerDisconnectResponse = z.infer<typeof ownerDisconnectResponseSchema>;

/** Answer of GET /v1/owner/status. */
export const ownerStatusResponseSchema = z.object({
  connected: z.boolean(),
  ownerId: idSchema.optional(),
  address: z.string().optional(),
  chain: ownerChainSchema.optional(),
  connectedAt: timestampSchema.optional(),
  lastActiveAt: timestampSchema.optional(),
  systemState: killSwitchStatusSchema,
  activeSessionCount: z.int(),
  pendingApprovalCount: z.int(),
});
export type OwnerStatusResponse = z.infer<typeof ownerStatusResponseSchema>;

/** Answer of POST /v1/owner/approve/:txId: the payment is on its way; its end shows in the transaction. */
export const ownerApproveResponseSchema = z.object({
  transactionId: idSchema,
  status: transactionStatusSchema,
  approvedAt: timestampSchema,
  approvedBy: z.string(),
});
export type OwnerApproveResponse = z.infer<typeof ownerApproveResponseSchema>;

/** Body of POST /v1/owner/reject/:txId. */
export const ownerRejectSchema = z.strictObject({
  reason: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line without control characters')
    .optional(),
});
export type OwnerReject = z.infer<typeof ownerRejectSchema>;

/** Answer of POST /v1/owner/reject/:txId. */
export const ownerRejectResponseSchema = z.object({
  transactionId: idSchema,
  status: z.literal('CANCELLED'),
  rejectedAt: timestampSchema,
  rejectedBy: z.string(),
  reason: z.string().optional(),
});
export type OwnerRejectResponse = z.infer<typeof ownerRejectResponseSchema>;

/** Query of GET /v1/owner/pending-approvals. */
export const pendingApprovalListQuerySchema = z.strictObject({ agentId: idSchema.optional(), ...pageQuery });

/** A payment that waits for time or for the owner, as the owner sees it. */
export const pendingApprovalSchema = z.object({
  txId: idSchema,
  agentId: idSchema,
  agentName: z.string(),
  type: transactionTypeSchema,
  asset: z.string(),
  /** What is paid, where it is a token; from the admitted payment, so absent when the stored one is another. */
  token: tokenSchema.optional(),
  amount: moneySchema,
  toAddress: z.string(),
  memo: z.string().optional(),
  chain: chainSchema,
  network: networkSchema,
  tier: tierSchema,
  queuedAt: timestampSchema,
  /** DELAY: when it will run. APPROVAL: until when it may be approved. */
  expiresAt: timestampSchema,
  /**
   * The payment in words, as the daemon composes them for the statement the owner signs, such as "pay 12.5 SOL to … on
   * solana devnet" or "pay 3 USDC (token …) to … on solana devnet". Null when the stored payment is not the one that was admitted; such a payment is never carried out.
   */
  inWords: z.string().nullable(),
  /** When the owner said in a chat that they mean to approve it. Only their signature does. */
  preApprovedAt: timestampSchema.optional(),
});
export type PendingApproval = z.infer<typeof pendingApprovalSchema>;

/** Answer of GET /v1/owner/pending-approvals. */
export const pendingApprovalListResponseSchema = z.object({
  transactions: z.array(pendingApprovalSchema),
  nextCursor: nextCursorSchema,
});
export type PendingApprovalListResponse = z.infer<typeof pendingApprovalListResponseSchema>;
