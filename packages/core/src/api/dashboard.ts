import { z } from 'zod';
import { agentStatusSchema, killSwitchStatusSchema, suspensionReasonSchema } from '../enums.ts';
import { chainSchema, networkSchema } from '../network.ts';
import { idSchema, moneySchema, timestampSchema } from './common.ts';

/** The native asset of a network: what is on one is never added up with what is on another. */
const nativeOf = { chain: chainSchema, network: networkSchema, symbol: z.string(), decimals: z.int() };

/** Answer of GET /v1/owner/dashboard (06 E28): how things stand, in one look. */
export const dashboardResponseSchema = z.object({
  /** What agents that have not ended hold of the native asset, for each network there is one on, by chain and network. */
  balances: z.array(
    z.object({
      ...nativeOf,
      /** Of all of them, base units; null until each was read once. */
      balance: moneySchema.nullable(),
      /** For people, such as "1.5 SOL". */
      formatted: z.string().nullable(),
      agents: z.int(),
      /** When the oldest of these balances was read. */
      asOf: timestampSchema.nullable(),
      /** The chain did not answer this time: what is told is what it said before. */
      stale: z.boolean(),
    }),
  ),
  /** Begin of the day, UTC, that the figures below are of. */
  today: timestampSchema,
  /** Payments, of any asset, that became final today or were sent today and are not final; not what the owner took back. */
  todayTxCount: z.int(),
  /** The same, as amounts of native assets, for each network there is an agent on. */
  todayTxVolumes: z.array(
    z.object({
      ...nativeOf,
      /** Base units; null where the record of what was spent was changed by somebody else. */
      amount: moneySchema.nullable(),
      formatted: z.string().nullable(),
    }),
  ),
  activeSessions: z.int(),
  /** Payments that wait for the owner. */
  pendingApprovals: z.int(),
  systemState: killSwitchStatusSchema,
  agentStatuses: z.array(
    z.object({
      id: idSchema,
      name: z.string(),
      status: agentStatusSchema,
      suspensionReason: suspensionReasonSchema.optional(),
      chain: chainSchema,
      network: networkSchema,
    }),
  ),
});
export type DashboardResponse = z.infer<typeof dashboardResponseSchema>;
