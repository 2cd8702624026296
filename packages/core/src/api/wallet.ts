import { z } from 'zod';
import { chainSchema, networkSchema } from '../network.ts';
import { moneySchema } from './common.ts';

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
