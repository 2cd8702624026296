import { z } from 'zod';
import { tierSchema, transactionStatusSchema } from '../enums.ts';
import { idSchema, moneySchema, timestampSchema } from './common.ts';
import { transferRequestSchema } from './transaction.ts';

/** One check: what was seen, what it was held against, how it came out. Amounts are decimal strings. */
export const criterionSchema = z.looseObject({});

/** Answer of GET /v1/owner/decisions/:id: how a payment was decided, and whether it comes out the same again. */
export const decisionRecordResponseSchema = z.object({
  transactionId: idSchema,
  agentId: idSchema,
  decidedAt: timestampSchema,
  status: transactionStatusSchema,
  tier: tierSchema.optional(),
  /** Checks of the session's limits; the last one refused, where the payment was refused by its session. */
  session: z.array(criterionSchema),
  /** What the policies said; null when the session had refused before they were asked. */
  verdict: z.looseObject({}).nullable(),
  /** Checks of the policies, in their order. */
  criteria: z.array(criterionSchema),
  /** What they were given to decide by. */
  facts: z.looseObject({}).nullable(),
  /** The versions that were in force. */
  policies: z.array(z.object({ policyId: idSchema, version: z.int() })),
  /** Whether the decision, made again now from this record, comes out the same. */
  replay: z.enum(['same', 'session', 'not_authentic', 'different']),
  replayProblem: z.string().optional(),
  /** What was decided when the payment left the queue, where it waited in it. */
  claim: z
    .object({
      decidedAt: timestampSchema,
      /** Why it was no longer allowed; null when it was carried out. */
      refusal: z.string().nullable(),
      criteria: z.array(criterionSchema),
      facts: z.looseObject({}).nullable(),
      policies: z.array(z.object({ policyId: idSchema, version: z.int() })),
      replay: z.enum(['same', 'session', 'not_authentic', 'different']),
      replayProblem: z.string().optional(),
    })
    .optional(),
});
export type DecisionRecordResponse = z.infer<typeof decisionRecordResponseSchema>;

/** Body of POST /v1/transactions/dry-run: that of a payment. */
export const dryRunRequestSchema = transferRequestSchema;

/** Answer of POST /v1/transactions/dry-run: what would be decided if the payment were asked for now. */
export const dryRunResponseSchema = z.object({
  outcome: z.enum(['ALLOW', 'DENY']),
  /** Present where it is allowed. */
  tier: tierSchema.optional(),
  delaySeconds: z.int().optional(),
  approvalTimeoutSeconds: z.int().optional(),
  /** Why the tier is stricter than the amount alone asks for. */
  raisedBy: z.string().optional(),
  /** Code and reason of the refusal, where it is refused. */
  code: z.string().optional(),
  reason: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  /**
   * What it would put into a token account that has to be opened for the recipient, base units of the native asset; absent when
   * there is one, or when the chain cannot be asked.
   */
  accountRent: moneySchema.optional(),
  session: z.array(criterionSchema),
  criteria: z.array(criterionSchema),
});
export type DryRunResponse = z.infer<typeof dryRunResponseSchema>;

/** Answer of POST /v1/owner/decisions/replay. */
export const replayResponseSchema = z.object({
  total: z.int(),
  same: z.int(),
  /** Refused by session or agent, and recorded by an earlier version that did not keep what these were. */
  refusedBySession: z.int(),
  faultCount: z.int(),
  /** At most 100. */
  faults: z.array(z.object({ transactionId: z.string(), verdict: z.string(), what: z.string() })),
});
export type ReplayResponse = z.infer<typeof replayResponseSchema>;
