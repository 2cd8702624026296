import { z } from 'zod';
import { ownerChainSchema } from '../network.ts';
import { expiresInSchema, sessionConstraintsSchema, sessionUsageSchema } from '../session-constraints.ts';
import { idSchema, nextCursorSchema, pageQuery, timestampSchema } from './common.ts';

/** An owner's signature in the body of POST /v1/sessions, in place of a credential in its headers (03 §6). */
const ownerSignatureShape = {
  chain: ownerChainSchema.optional(),
  ownerAddress: z.string().min(1).max(64).optional(),
  message: z.string().min(1).max(4096).optional(),
  signature: z.string().min(1).max(256).optional(),
};

/**
 * Body of POST /v1/sessions. `expiresIn` has two places; they must not disagree (06 E9). With the owner's signature in the
 * body, its four fields come together and no credential may be in the headers.
 */
export const sessionCreateSchema = z
  .strictObject({
    agentId: idSchema,
    expiresIn: expiresInSchema.optional(),
    constraints: sessionConstraintsSchema.optional(),
    ...ownerSignatureShape,
  })
  .refine(
    ({ chain, ownerAddress, message, signature }) =>
      new Set([chain, ownerAddress, message, signature].map((field) => field === undefined)).size === 1,
    { path: ['signature'], message: 'must come with chain, ownerAddress and message, or not at all' },
  )
  .refine(
    ({ expiresIn, constraints }) =>
      expiresIn === undefined || constraints?.expiresIn === undefined || expiresIn === constraints.expiresIn,
    { path: ['expiresIn'], message: 'must equal constraints.expiresIn where both are given' },
  );
export type SessionCreate = z.infer<typeof sessionCreateSchema>;

/** Answer of POST /v1/sessions. The token is shown here and never again. */
export const sessionCreateResponseSchema = z.object({
  sessionId: idSchema,
  token: z.string(),
  expiresAt: timestampSchema,
  constraints: sessionConstraintsSchema,
});
export type SessionCreateResponse = z.infer<typeof sessionCreateResponseSchema>;

/** Query of GET /v1/sessions. */
export const sessionListQuerySchema = z.strictObject({
  agentId: idSchema.optional(),
  status: z.enum(['active', 'all']).default('active'),
  ...pageQuery,
});

/** Query of GET /v1/owner/sessions. `active` is read to the letter; anything but these two words is refused (06 E22). */
export const ownerSessionListQuerySchema = z.strictObject({
  agentId: idSchema.optional(),
  active: z.enum(['true', 'false']).default('false'),
  ...pageQuery,
});

/**
 * Header of every answer to a session whose token was signed with the secret before the present one: the time, ISO 8601,
 * by which the session has to be renewed, for the token ends then (03 §7). Renewal is possible at once, however young the
 * session is.
 */
export const RENEW_BY_HEADER = 'X-Session-Renew-By';

/** A session as lists show it: never the token, never its hash. */
export const sessionSummarySchema = z.object({
  id: idSchema,
  agentId: idSchema,
  agentName: z.string(),
  constraints: sessionConstraintsSchema,
  usageStats: sessionUsageSchema,
  expiresAt: timestampSchema,
  createdAt: timestampSchema,
  revokedAt: timestampSchema.optional(),
  renewalCount: z.int(),
  /** No renewal leads beyond this. */
  absoluteExpiresAt: timestampSchema,
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;

/** Answer of GET /v1/sessions. */
export const sessionListResponseSchema = z.object({
  sessions: z.array(sessionSummarySchema),
  nextCursor: nextCursorSchema,
});
export type SessionListResponse = z.infer<typeof sessionListResponseSchema>;

/** Answer of DELETE /v1/sessions/:id. */
export const sessionRevokeResponseSchema = z.object({
  revoked: z.literal(true),
  sessionId: idSchema,
  revokedAt: timestampSchema,
  /** Queued transactions of the session that were cancelled with it. */
  transactionsCancelled: z.int(),
});
export type SessionRevokeResponse = z.infer<typeof sessionRevokeResponseSchema>;

/** Answer of PUT /v1/sessions/:id/renew. The new token takes the place of the old one at once and is shown once. */
export const sessionRenewResponseSchema = z.object({
  sessionId: idSchema,
  token: z.string(),
  expiresAt: timestampSchema,
  renewalCount: z.int(),
  /** Renewals that are left, and how many there are in all. */
  renewalsLeft: z.int(),
  maxRenewals: z.int(),
  absoluteExpiresAt: timestampSchema,
});
export type SessionRenewResponse = z.infer<typeof sessionRenewResponseSchema>;
