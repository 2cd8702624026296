import { z } from 'zod';
import { agentSummarySchema } from './agent.ts';
import { listedPolicySchema } from './policy.ts';
import { sessionSummarySchema } from './session.ts';
import { transactionResponseSchema } from './transaction.ts';

/** Transactions that the detail of an agent shows. */
export const RECENT_TRANSACTIONS = 10;

/** Answer of GET /v1/owner/agents/:id: an agent with what belongs to it (06 E25). */
export const agentDetailResponseSchema = z.object({
  agent: agentSummarySchema.extend({
    /** Address of the owner of the funds; null while none is connected. */
    ownerAddress: z.string().nullable(),
  }),
  /** The newest ones, newest first. */
  recentTransactions: z.array(transactionResponseSchema),
  activeSessions: z.array(sessionSummarySchema),
  /** Those of the agent and those of all agents. */
  policies: z.array(listedPolicySchema),
});
export type AgentDetailResponse = z.infer<typeof agentDetailResponseSchema>;
