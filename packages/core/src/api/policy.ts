import { z } from 'zod';
import { type PolicyType, policyTypeSchema } from '../enums.ts';
import { rateLimitRulesSchema } from '../rate-limit-rules.ts';
import { spendingLimitRulesSchema } from '../spending-limit.ts';
import { timeRestrictionRulesSchema } from '../time-restriction.ts';
import { whitelistRulesSchema } from '../whitelist.ts';
import { idSchema, timestampSchema } from './common.ts';

const priority = z.int().min(-1_000_000).max(1_000_000);

/**
 * Must be true where the change takes the last spending limit off all agents, enables an empty whitelist, or leaves no
 * whitelist in force that names somebody where there was one (04 §22).
 */
const confirm = z.boolean().optional();

const newPolicyOf = <Type extends PolicyType, Rules extends z.ZodType>(type: Type, rules: Rules) =>
  z.strictObject({
    /** Absent: the policy holds for all agents. */
    agentId: idSchema.optional(),
    type: z.literal(type),
    rules,
    /** Higher is consulted first; only the first policy of a type counts. */
    priority: priority.default(0),
    enabled: z.boolean().default(true),
    confirm,
  });

/** Body of POST /v1/owner/policies. The rules are checked against the schema of the declared type (04 §22). */
export const policyCreateSchema = z.discriminatedUnion('type', [
  newPolicyOf('SPENDING_LIMIT', spendingLimitRulesSchema),
  newPolicyOf('WHITELIST', whitelistRulesSchema),
  newPolicyOf('TIME_RESTRICTION', timeRestrictionRulesSchema),
  newPolicyOf('RATE_LIMIT', rateLimitRulesSchema),
]);
export type PolicyCreate = z.input<typeof policyCreateSchema>;
/** A new policy as validation leaves it: defaults filled in. */
export type NewPolicy = z.output<typeof policyCreateSchema>;

const proposedPolicyOf = <Type extends PolicyType, Rules extends z.ZodType>(type: Type, rules: Rules) =>
  newPolicyOf(type, rules).omit({ confirm: true }).extend({
    /** That of a policy there is; absent for one that would be new. */
    id: idSchema.optional(),
  });

/** A policy that is only thought of. */
export const proposedPolicySchema = z.discriminatedUnion('type', [
  proposedPolicyOf('SPENDING_LIMIT', spendingLimitRulesSchema),
  proposedPolicyOf('WHITELIST', whitelistRulesSchema),
  proposedPolicyOf('TIME_RESTRICTION', timeRestrictionRulesSchema),
  proposedPolicyOf('RATE_LIMIT', rateLimitRulesSchema),
]);
export type ProposedPolicy = z.output<typeof proposedPolicySchema>;

/**
 * Body of PUT /v1/owner/policies/:policyId. Rules are replaced as a whole; type and agent never change. Which rules are
 * right depends on the type of the stored policy: they are checked by its schema where it is known (04 §22).
 */
export const policyUpdateSchema = z
  .strictObject({
    rules: z.record(z.string(), z.unknown()).optional(),
    priority: priority.optional(),
    enabled: z.boolean().optional(),
    /** The version that was looked at. Given, and no more the stored one, the change is refused: POLICY_CONFLICT. */
    version: z.int().min(1).optional(),
    confirm,
  })
  .refine((body) => body.rules !== undefined || body.priority !== undefined || body.enabled !== undefined, {
    message: 'must change at least one of rules, priority, enabled',
  });
export type PolicyUpdate = z.input<typeof policyUpdateSchema>;
/** A change of a policy as validation leaves it; its rules are yet to be checked. */
export type PolicyChange = z.output<typeof policyUpdateSchema>;

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

/** A policy as it is stored, with whether the daemon stored it so. */
export const listedPolicySchema = policySummarySchema.extend({
  /**
   * False once somebody else has changed it, or others of the same agent or of all agents, in the database. It does not hold then,
   * and nothing is paid for whom it is for.
   */
  authentic: z.boolean(),
});
export type ListedPolicy = z.infer<typeof listedPolicySchema>;

/** Answer of GET /v1/owner/policies. */
export const policyListResponseSchema = z.object({
  policies: z.array(listedPolicySchema),
  /**
   * The agents whose own policies somebody else has changed, added, taken away or put back in the database; null stands for those
   * of all agents. Nothing is paid for these agents, with null: for any.
   */
  notAuthentic: z.array(idSchema.nullable()),
});
export type PolicyListResponse = z.infer<typeof policyListResponseSchema>;

/** Query of DELETE /v1/owner/policies/:policyId. */
export const policyDeleteQuerySchema = z.strictObject({
  /** Must be `true` where the removal leaves no spending limit in force for all agents, or no whitelist where there was one. */
  confirm: z.enum(['true', 'false']).default('false'),
  /** The version that was looked at. Given, and no more the stored one, nothing is deleted: POLICY_CONFLICT. */
  version: z.coerce.number().int().min(1).optional(),
});
/** Answer of DELETE /v1/owner/policies/:policyId. */
export const policyDeleteResponseSchema = z.object({ deleted: z.literal(true), policyId: idSchema });
export type PolicyDeleteResponse = z.infer<typeof policyDeleteResponseSchema>;
