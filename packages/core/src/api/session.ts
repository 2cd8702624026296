import { z } from 'zod';
import { expiresInSchema, sessionConstraintsSchema, sessionUsageSchema } from '../session-constraints.ts';
import { idSchema, nextCursorSchema, pageQuery, timestampSchema } from './common.ts';

/** Body of POST /v1/sessions, created by the operator. `expiresIn` has two places; they must not disagree (06 E9). */
export const sessionCreateSchema = z
  .strictObject({
    agentId: idSchema,
    expiresIn: expiresInSchema.optional(),
    constraints: sessionConstraintsSchema.optional(),
  })
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
