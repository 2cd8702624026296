import { z } from 'zod';
import { agentStatusSchema, suspensionReasonSchema } from '../enums.ts';
import { chainSchema, networkSchema } from '../network.ts';
import { idSchema, timestampSchema } from './common.ts';

/** Body of POST /v1/agents. */
export const agentCreateSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(
      /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u,
      'must start with a letter or digit and hold letters, digits, spaces, . _ - only',
    ),
  chain: chainSchema,
  network: networkSchema,
});
export type AgentCreate = z.infer<typeof agentCreateSchema>;

/** An agent as lists show it (06 §2.3). */
export const agentSummarySchema = z.object({
  id: idSchema,
  name: z.string(),
  status: agentStatusSchema,
  chain: chainSchema,
  network: networkSchema,
  /** Address of the agent's wallet. */
  publicKey: z.string(),
  suspensionReason: suspensionReasonSchema.optional(),
  createdAt: timestampSchema,
  /** Live sessions. */
  sessionCount: z.int(),
  totalTxCount: z.int(),
});
export type AgentSummary = z.infer<typeof agentSummarySchema>;

/** Answer of GET /v1/agents. */
export const agentListResponseSchema = z.object({ agents: z.array(agentSummarySchema) });
export type AgentListResponse = z.infer<typeof agentListResponseSchema>;
