import { z } from 'zod';
import { timestampSchema } from './common.ts';

/** Body of POST /v1/owner/kill-switch and POST /v1/admin/kill-switch. */
export const killSwitchRequestSchema = z.strictObject({
  /** Why, for whoever reads it later. */
  reason: z
    .string()
    .min(1)
    .max(500)
    .refine((text) => text.trim() !== '', 'must say something'),
});
export type KillSwitchRequest = z.infer<typeof killSwitchRequestSchema>;

/** Answer of both: from here on nothing is signed. */
export const killSwitchResponseSchema = z.object({
  activated: z.literal(true),
  timestamp: timestampSchema,
  sessionsRevoked: z.int(),
  transactionsCancelled: z.int(),
  agentsSuspended: z.int(),
});
export type KillSwitchResponse = z.infer<typeof killSwitchResponseSchema>;

/** Answer of POST /v1/owner/recover. Sessions and cancelled payments stay ended. */
export const recoverResponseSchema = z.object({
  recovered: z.literal(true),
  timestamp: timestampSchema,
  agentsReactivated: z.int(),
});
export type RecoverResponse = z.infer<typeof recoverResponseSchema>;
