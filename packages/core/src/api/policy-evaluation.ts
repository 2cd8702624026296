import { z } from 'zod';
import { tierSchema, transactionStatusSchema } from '../enums.ts';
import { idSchema, moneySchema, timestampSchema } from './common.ts';
import { criterionSchema } from './decision.ts';
import { proposedPolicySchema } from './policy.ts';
import { transferRequestSchema } from './transaction.ts';

/** Decisions of the past that one request judges at most; `nextCursor` leads to the next ones. */
export const HISTORY_PAGE_MAX = 5000;

/** A moment that exists: of 30 February, for one, nothing can be asked. */
const momentSchema = timestampSchema.refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time that exists');

/**
 * Body of POST /v1/owner/policies/evaluate (00 §3, "Routes added"): what a set of policies would decide. Nothing is changed.
 */
export const policyEvaluationRequestSchema = z
  .strictObject({
    /** The whole set, as it would be in force: what is not in it does not hold. */
    policies: z.array(proposedPolicySchema).max(500),
    /** A payment of an agent that would be asked for now. */
    payment: transferRequestSchema.safeExtend({ agentId: idSchema }).optional(),
    /** Payments of the past. */
    history: z
      .strictObject({
        /** Absent: of all agents. */
        agentId: idSchema.optional(),
        from: momentSchema.optional(),
        to: momentSchema.optional(),
        cursor: idSchema.optional(),
        limit: z.int().min(1).max(HISTORY_PAGE_MAX).default(HISTORY_PAGE_MAX),
      })
      .optional(),
  })
  .refine(({ payment, history }) => payment !== undefined || history !== undefined, {
    path: ['payment'],
    message: 'must be given, or history, or both',
  });
/** As a client writes it. */
export type PolicyEvaluationBody = z.input<typeof policyEvaluationRequestSchema>;
/** As validation leaves it. */
export type PolicyEvaluation = z.output<typeof policyEvaluationRequestSchema>;

const verdictShape = {
  outcome: z.enum(['ALLOW', 'DENY']),
  /** Where it is allowed. */
  tier: tierSchema.optional(),
  delaySeconds: z.int().optional(),
  approvalTimeoutSeconds: z.int().optional(),
  /** Why the tier is stricter than the amount alone asks for. */
  raisedBy: z.string().optional(),
  /** Code and reason, where it is refused. */
  code: z.string().optional(),
  reason: z.string().optional(),
  /** The policy that decided; absent where none did, or where it would be a new one. */
  policyId: idSchema.optional(),
};

/** What policies say about a payment. */
export const policyVerdictSchema = z.object(verdictShape);
export type PolicyVerdict = z.infer<typeof policyVerdictSchema>;

/** The same with every check that was made. */
export const policyJudgementSchema = z.object({ ...verdictShape, criteria: z.array(criterionSchema) });
export type PolicyJudgement = z.infer<typeof policyJudgementSchema>;

/** A payment of the past that the proposed policies would treat differently. */
export const changedDecisionSchema = z.object({
  transactionId: idSchema,
  agentId: idSchema,
  decidedAt: timestampSchema,
  asset: z.string(),
  amount: moneySchema,
  toAddress: z.string(),
  /** What has become of it. */
  status: transactionStatusSchema,
  change: z.enum(['stricter', 'looser']),
  /** What was decided, and what would have been. */
  present: policyVerdictSchema,
  proposed: policyVerdictSchema,
});
export type ChangedDecision = z.infer<typeof changedDecisionSchema>;

/**
 * Answer of POST /v1/owner/policies/evaluate. Each payment of the past is judged by itself, with what had really been
 * spent and reserved when it was asked for: that an earlier one would have been treated differently, too, is not counted.
 */
export const policyEvaluationResponseSchema = z.object({
  payment: z.object({ present: policyJudgementSchema, proposed: policyJudgementSchema }).nullable(),
  history: z
    .object({
      /** Decisions that were looked at; the sum of the six below. */
      total: z.int(),
      same: z.int(),
      stricter: z.int(),
      looser: z.int(),
      /** What the proposed policies say depends on a balance that nobody had asked for then. */
      undetermined: z.int(),
      /** Their session had refused them before any policy was asked; it still would. */
      refusedBySession: z.int(),
      /** The stored record is not the one that was made. */
      notAuthentic: z.int(),
      /** Stricter and looser ones, oldest first; at most 200. */
      changes: z.array(changedDecisionSchema),
      /** Null when all were looked at. */
      nextCursor: idSchema.nullable(),
    })
    .nullable(),
});
export type PolicyEvaluationResponse = z.infer<typeof policyEvaluationResponseSchema>;
