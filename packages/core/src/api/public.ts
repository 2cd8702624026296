import { z } from 'zod';
import { killSwitchStatusSchema } from '../enums.ts';
import { timestampSchema } from './common.ts';

/** Answer of GET /health (00 §3): nothing an unauthenticated caller should not see. */
export const healthResponseSchema = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  version: z.string(),
  /** Whole seconds since start. */
  uptime: z.int(),
  killSwitch: killSwitchStatusSchema,
});
export type HealthResponse = z.infer<typeof healthResponseSchema>;

/** Answer of GET /v1/nonce. */
export const nonceResponseSchema = z.object({
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  expiresAt: timestampSchema,
});
export type NonceResponse = z.infer<typeof nonceResponseSchema>;
