import { z } from 'zod';
import { AUTO_STOP_CONFIGS } from '../auto-stop.ts';
import { autoStopActionSchema, autoStopRuleTypeSchema } from '../enums.ts';
import { idSchema, timestampSchema } from './common.ts';

const common = {
  action: autoStopActionSchema.default('SUSPEND_AGENT'),
  /** Null: all agents that have no rule of this type of their own. */
  agentId: idSchema.nullable().default(null),
  enabled: z.boolean().default(true),
};

/** Body of POST /v1/owner/auto-stop-rules. */
export const autoStopRuleCreateSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('CONSECUTIVE_FAILURES'),
    config: AUTO_STOP_CONFIGS.CONSECUTIVE_FAILURES,
    ...common,
  }),
  z.strictObject({ type: z.literal('TIME_RESTRICTION'), config: AUTO_STOP_CONFIGS.TIME_RESTRICTION, ...common }),
  z.strictObject({
    type: z.literal('DAILY_LIMIT_THRESHOLD'),
    config: AUTO_STOP_CONFIGS.DAILY_LIMIT_THRESHOLD,
    ...common,
  }),
  z.strictObject({ type: z.literal('HOURLY_RATE'), config: AUTO_STOP_CONFIGS.HOURLY_RATE, ...common }),
  z.strictObject({ type: z.literal('ANOMALY_PATTERN'), config: AUTO_STOP_CONFIGS.ANOMALY_PATTERN, ...common }),
]);
export type AutoStopRuleCreate = z.input<typeof autoStopRuleCreateSchema>;
export type AutoStopRuleInput = z.output<typeof autoStopRuleCreateSchema>;

/** Body of PUT /v1/owner/auto-stop-rules/:id. Type and agent stay; a config is replaced as a whole. */
export const autoStopRuleUpdateSchema = z
  .strictObject({
    config: z.looseObject({}).optional(),
    action: autoStopActionSchema.optional(),
    enabled: z.boolean().optional(),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change something');
export type AutoStopRuleUpdate = z.infer<typeof autoStopRuleUpdateSchema>;

/** An auto-stop rule. */
export const autoStopRuleSchema = z.object({
  id: idSchema,
  version: z.int(),
  agentId: idSchema.nullable(),
  type: autoStopRuleTypeSchema,
  config: z.looseObject({}),
  action: autoStopActionSchema,
  enabled: z.boolean(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
  /** What whoever set it should know. */
  warning: z.string().optional(),
});
export type AutoStopRule = z.infer<typeof autoStopRuleSchema>;

/** Answer of GET /v1/owner/auto-stop-rules. */
export const autoStopRuleListResponseSchema = z.object({
  rules: z.array(autoStopRuleSchema),
  /** False: somebody else has changed the rules; those that a new daemon begins with are in force. */
  authentic: z.boolean(),
});
export type AutoStopRuleListResponse = z.infer<typeof autoStopRuleListResponseSchema>;

/** Answer of DELETE /v1/owner/auto-stop-rules/:id. */
export const autoStopRuleDeleteResponseSchema = z.object({ deleted: z.literal(true), ruleId: idSchema });
export type AutoStopRuleDeleteResponse = z.infer<typeof autoStopRuleDeleteResponseSchema>;
