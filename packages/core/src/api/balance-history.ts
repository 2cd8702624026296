import { z } from 'zod';
import { chainSchema, networkSchema } from '../network.ts';
import { idSchema, moneySchema, timestampSchema } from './common.ts';

/** How far back a history of balances reaches. */
export const BALANCE_PERIODS = ['day', 'week', 'month', 'year'] as const;
/** How far back a history of balances reaches. */
export type BalancePeriod = (typeof BALANCE_PERIODS)[number];

/** Query of GET /v1/owner/agents/:id/balance-history. */
export const balanceHistoryQuerySchema = z.strictObject({
  /** A day and a week are told by the hour, a month and a year by the day. */
  period: z.enum(BALANCE_PERIODS).default('week'),
});
/** Query of GET /v1/owner/agents/:id/balance-history as validation leaves it. */
export type BalanceHistoryQuery = z.output<typeof balanceHistoryQuerySchema>;

/**
 * Answer of GET /v1/owner/agents/:id/balance-history: what the daemon has seen in the wallet, to look at. What an agent holds
 * now is read from the chain by GET /v1/owner/agents/:id/assets.
 */
export const balanceHistoryResponseSchema = z.object({
  agentId: idSchema,
  chain: chainSchema,
  network: networkSchema,
  period: z.enum(BALANCE_PERIODS),
  from: timestampSchema,
  to: timestampSchema,
  /** The native asset first; then the tokens that the agent has paid with. */
  series: z.array(
    z.object({
      asset: z.string(),
      /** The mint or contract; absent for the native asset. */
      tokenMint: z.string().optional(),
      symbol: z.string(),
      decimals: z.int(),
      /** Oldest first. Hours and days in which the chain was not asked or did not answer are missing. */
      points: z.array(z.object({ at: timestampSchema, /** Base units. */ balance: moneySchema })),
    }),
  ),
});
/** Answer of GET /v1/owner/agents/:id/balance-history. */
export type BalanceHistoryResponse = z.infer<typeof balanceHistoryResponseSchema>;
