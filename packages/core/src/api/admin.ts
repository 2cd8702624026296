import { z } from 'zod';
import { killSwitchStatusSchema } from '../enums.ts';
import { chainSchema, networkSchema } from '../network.ts';
import { timestampSchema } from './common.ts';

/** Answer of POST /v1/admin/login: an operator token (00 §3). */
export const adminLoginResponseSchema = z.object({
  token: z.string(),
  /** Latest end; the token also ends after 15 idle minutes. */
  expiresAt: timestampSchema,
});
export type AdminLoginResponse = z.infer<typeof adminLoginResponseSchema>;

/** Answer of POST /v1/admin/logout. */
export const adminLogoutResponseSchema = z.object({ loggedOut: z.literal(true) });

/** Answer of POST /v1/admin/shutdown; sent before the daemon begins to stop. */
export const shutdownResponseSchema = z.object({
  shutdownInitiated: z.literal(true),
  timestamp: timestampSchema,
  message: z.string(),
});
export type ShutdownResponse = z.infer<typeof shutdownResponseSchema>;

const workerSchema = z.object({ running: z.boolean(), lastRun: timestampSchema.nullable() });

/** Answer of GET /v1/admin/status: live values only. */
export const adminStatusResponseSchema = z.object({
  daemon: z.object({ version: z.string(), uptime: z.int(), pid: z.int(), nodeVersion: z.string() }),
  killSwitch: z.object({
    status: killSwitchStatusSchema,
    activatedAt: timestampSchema.nullable(),
    reason: z.string().nullable(),
    actor: z.string().nullable(),
  }),
  keystore: z.object({ unlocked: z.boolean(), keysLoaded: z.int() }),
  agents: z.object({ active: z.int(), suspended: z.int(), total: z.int() }),
  sessions: z.object({ active: z.int() }),
  adapters: z.array(
    z.object({
      chain: chainSchema,
      network: networkSchema,
      healthy: z.boolean(),
      latencyMs: z.int().nullable(),
      lastCheck: timestampSchema.nullable(),
    }),
  ),
  workers: z.record(z.string(), workerSchema),
  telegramBot: z.object({
    enabled: z.boolean(),
    /** Whether Telegram has answered and does so still. */
    connected: z.boolean(),
    ownerRegistered: z.boolean(),
    lastPollAt: timestampSchema.nullable(),
    consecutiveErrors: z.int(),
  }),
  database: z.object({ path: z.string(), sizeBytes: z.int(), walSizeBytes: z.int(), walMode: z.boolean() }),
  memory: z.object({ rssBytes: z.int() }),
});
export type AdminStatusResponse = z.infer<typeof adminStatusResponseSchema>;

/** Body of POST /v1/admin/password. Master passwords are printable ASCII without edge spaces (00 §3). */
export const masterPasswordChangeSchema = z.strictObject({
  newPassword: z
    .string()
    .regex(
      /^[\x21-\x7e][\x20-\x7e]{10,126}[\x21-\x7e]$/,
      'must be 12 to 128 printable ASCII characters, no space at the ends',
    ),
});

/** Answer of POST /v1/admin/password. */
export const masterPasswordChangeResponseSchema = z.object({
  changed: z.literal(true),
  timestamp: timestampSchema,
});
export type MasterPasswordChangeResponse = z.infer<typeof masterPasswordChangeResponseSchema>;

/** Answer of POST /v1/admin/rotate-secret: tokens signed with the old secret work until `previousValidUntil`. */
export const secretRotationResponseSchema = z.object({
  rotated: z.literal(true),
  timestamp: timestampSchema,
  previousValidUntil: timestampSchema,
});
export type SecretRotationResponse = z.infer<typeof secretRotationResponseSchema>;
