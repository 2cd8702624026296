import { z } from 'zod';
import { limitSchema } from './base-units.ts';
import { sessionOperationSchema } from './enums.ts';

/** Shortest life of a session, seconds (03 §9). */
export const SESSION_TTL_MIN = 300;
/** Longest life of a session, seconds (03 §9). */
export const SESSION_TTL_MAX = 604_800;

/** Wire form of a session's life, seconds. */
export const expiresInSchema = z.int().min(SESSION_TTL_MIN).max(SESSION_TTL_MAX);

/**
 * What a session may do at most (03 §9). An absent field is no limit; a present but empty list permits nothing. Amounts
 * are base units of the agent's native asset, both bounds inclusive. Unknown keys are refused, so that a misspelt limit
 * cannot vanish.
 */
export const sessionConstraintsSchema = z.strictObject({
  maxAmountPerTx: limitSchema.optional(),
  maxTotalAmount: limitSchema.optional(),
  maxTransactions: z.int().positive().optional(),
  allowedOperations: z.array(sessionOperationSchema).max(16).optional(),
  allowedDestinations: z.array(z.string().min(1).max(128)).max(256).optional(),
  expiresIn: expiresInSchema.optional(),
  /** How often the agent may renew the session by itself; 0 is never (03 §13). */
  maxRenewals: z.int().min(0).max(100).optional(),
});
/** What a session may do at most. */
export type SessionConstraints = z.infer<typeof sessionConstraintsSchema>;

/** What a session has done so far; moved only when a payment settles (03 §11). */
export const sessionUsageSchema = z.strictObject({
  totalTx: z.int().min(0),
  totalAmount: limitSchema,
  lastTxAt: z.string().nullable(),
});
/** What a session has done so far. */
export type SessionUsage = z.infer<typeof sessionUsageSchema>;

/** Usage of a session that has done nothing. */
export const NO_USAGE: SessionUsage = { totalTx: 0, totalAmount: '0', lastTxAt: null };
