import { z } from 'zod';
import { sessionOperationSchema } from '../enums.ts';
import { chainSchema, networkSchema } from '../network.ts';
import { idSchema, moneySchema, timestampSchema } from './common.ts';

/** Answer of GET /v1/wallet/balance. */
export const balanceResponseSchema = z.object({
  balance: moneySchema,
  decimals: z.int(),
  symbol: z.string(),
  /** For people, such as "1.5 SOL". */
  formatted: z.string(),
  chain: chainSchema,
  network: networkSchema,
});
export type BalanceResponse = z.infer<typeof balanceResponseSchema>;

/** Answer of GET /v1/wallet/address. */
export const addressResponseSchema = z.object({
  address: z.string(),
  chain: chainSchema,
  network: networkSchema,
  encoding: z.enum(['base58', 'hex']),
});
export type AddressResponse = z.infer<typeof addressResponseSchema>;

/** Answer of GET /v1/wallet/assets: what the wallet holds, read from the chain; the native asset first. */
export const assetsResponseSchema = z.object({
  chain: chainSchema,
  network: networkSchema,
  assets: z.array(
    z.object({
      /** Names the asset in limits and budgets. */
      asset: z.string(),
      /** The mint or contract; absent for the native asset. */
      tokenMint: z.string().optional(),
      /** Base units. */
      balance: moneySchema,
      decimals: z.int(),
      symbol: z.string(),
      /** For people, such as "1.5 SOL". */
      formatted: z.string(),
    }),
  ),
});
export type AssetsResponse = z.infer<typeof assetsResponseSchema>;

/** Query of GET /v1/wallet/budget. */
export const budgetQuerySchema = z.strictObject({
  /** The mint or contract to budget for; absent: the native asset. */
  tokenMint: z.string().min(1).max(128).optional(),
});
/** Query of GET /v1/wallet/budget. */
export type BudgetQuery = z.infer<typeof budgetQuerySchema>;

/** A limit with what is used of it. `reserved` is under way: it comes back if those payments end without landing. */
const leftOf = <Amount extends z.ZodType>(amount: Amount) =>
  z.object({ limit: amount, used: amount, reserved: amount, remaining: amount });

/** What the policies leave of one asset. */
const policyBudgetSchema = z.object({
  /** The asset these figures are of, in its base units. */
  asset: z.string(),
  symbol: z.string(),
  decimals: z.int(),
  /** Largest single amounts of each tier; null when no policy has limits for the asset, so that all of it needs approval. */
  tiers: z.object({ instantMax: moneySchema, notifyMax: moneySchema, delayMax: moneySchema }).nullable(),
  dailyCap: leftOf(moneySchema).nullable(),
  weeklyCap: leftOf(moneySchema).nullable(),
});
export type PolicyBudget = z.infer<typeof policyBudgetSchema>;

/** Answer of GET /v1/wallet/budget: what this session may still spend, as the code that enforces it works it out. */
export const budgetResponseSchema = z.object({
  chain: chainSchema,
  network: networkSchema,
  session: z.object({
    expiresAt: timestampSchema,
    /** Null: no such limit. Amounts are base units of the native asset. */
    maxAmountPerTx: moneySchema.nullable(),
    total: leftOf(moneySchema).nullable(),
    transactions: leftOf(z.int()).nullable(),
    allowedOperations: z.array(sessionOperationSchema).nullable(),
    allowedDestinations: z.array(z.string()).nullable(),
    renewalsLeft: z.int(),
    absoluteExpiresAt: timestampSchema,
  }),
  policy: policyBudgetSchema,
  /**
   * What payments that no owner approves may put into token accounts they open for their recipients in any 24 hours, base units
   * of the native asset. Null where no such accounts are opened.
   */
  accountRent: leftOf(moneySchema).nullable(),
  /** Most that one payment may be now; 0 when none may. A higher amount is refused. Null: no limit but the balance. */
  maxPayment: moneySchema.nullable(),
});
export type BudgetResponse = z.infer<typeof budgetResponseSchema>;

/** Answer of GET /v1/owner/agents/:id/budget: what the policies leave an agent of one asset, whatever its session. */
export const agentBudgetResponseSchema = z.object({
  agentId: idSchema,
  chain: chainSchema,
  network: networkSchema,
  policy: policyBudgetSchema,
});
export type AgentBudgetResponse = z.infer<typeof agentBudgetResponseSchema>;
