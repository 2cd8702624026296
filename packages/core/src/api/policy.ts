import { z } from 'zod';
import { policyTypeSchema } from '../enums.ts';
import { spendingLimitRulesSchema } from '../spending-limit.ts';
import { idSchema, timestampSchema } from './common.ts';

const priority = z.int().min(-1_000_000).max(1_000_000);

/** Body of POST /v1/owner/policies. The rules are checked against the schema of the declared type (04 §22). */
export const policyCreateSchema = z.strictObject({
  /** Absent: the policy holds for all agents. */
  agentId: idSchema.optional(),
  type: z.literal('SPENDING_LIMIT'),
  rules: spendingLimitRulesSchema,
  /** Higher is consulted first; only the first policy of a type counts. */
  priority: priority.default(0),
  enabled: z.boolean().default(true),
});
export type PolicyCreate = z.input<typeof policyCreateSchema>;

/** Body of PUT /v1/owner/policies/:policyId. Rules are replaced as a whole; type and agent never change. */
export const policyUpdateSchema = z
  .strictObject({
    rules: spendingLimitRulesSchema.optional(),
    priority: priority.optional(),
    enabled: z.boolean().optional(),
    /** Must be true where the change leaves no spending limit in force for all agents. */
    confirm: z.boolean().optional(),
  })
  .refine((body) => body.rules !== undefined || body.priority !== undefined || body.enabled !== undefined, {
    message: 'must change at least one of rules, priority, enabled',
  });
export type PolicyUpdate = z.input<typeof policyUpdateSchema>;

/** A policy as lists show it. */
export const policySummarySchema = z.object({
  id: idSchema,
  /** Each change is a new version; decisions name the version they used. */
  version: z.int(),
  agentId: idSchema.nullable(),
  type: policyTypeSchema,
  rules: z.record(z.string(), z.unknown()),
  priority: z.int(),
  enabled: z.boolean(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});
export type PolicySummary = z.infer<typeof policySummarySchema>;

/** Answer of POST and PUT. */
export const policyResponseSchema = z.object({ policy: policySummarySchema });
export type PolicyResponse = z.infer<typeof policyResponseSchema>;

/** Answer of GET /v1/owner/policies. */
export const policyListResponseSchema = z.object({ policies: z.array(policySummarySchema) });
export type PolicyListResponse = z.infer<typeof policyListResponseSchema>;
