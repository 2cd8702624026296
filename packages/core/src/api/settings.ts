import { z } from 'zod';
import { notificationChannelTypeSchema } from '../enums.ts';

/** How much the daemon writes into its log. */
export const logLevelSchema = z.enum(['trace', 'debug', 'info', 'warn', 'error']);

/** Answer of GET /v1/owner/settings (06 E26): what is in force now. No secret is ever in it. */
export const settingsResponseSchema = z.object({
  server: z.object({
    hostname: z.enum(['127.0.0.1', '0.0.0.0']),
    port: z.int(),
    logLevel: logLevelSchema,
  }),
  security: z.object({
    jwtSecret: z.literal('[REDACTED]'),
    /** Requests per minute. */
    rateLimits: z.object({ global: z.int(), session: z.int(), transaction: z.int() }),
  }),
  notifications: z.object({
    enabled: z.boolean(),
    /** While fewer channels reach the owner, NOTIFY and DELAY become APPROVAL. */
    minChannels: z.int(),
    channels: z.array(
      z.object({
        type: notificationChannelTypeSchema,
        name: z.string(),
        enabled: z.boolean(),
        /** Where it leads to; of what is secret no more than its last four characters. */
        configPreview: z.string(),
      }),
    ),
  }),
  autoStop: z.object({ enabled: z.boolean(), rulesCount: z.int() }),
  /** Names of settings that were changed here and so differ from config.toml, such as `notifications.minChannels`. */
  changed: z.array(z.string()),
});
export type SettingsResponse = z.infer<typeof settingsResponseSchema>;

/**
 * Body of PUT /v1/owner/settings (06 E27). `null` takes a change back: the setting is as in config.toml again. Everything else is set in config.toml and needs a restart; a key that is not here is
 * refused, so that nobody believes to have changed it.
 */
export const settingsUpdateSchema = z
  .strictObject({
    notifications: z
      .strictObject({
        enabled: z.boolean().nullable().optional(),
        minChannels: z.int().min(1).max(5).nullable().optional(),
      })
      .optional(),
    autoStop: z.strictObject({ enabled: z.boolean().nullable().optional() }).optional(),
    server: z.strictObject({ logLevel: logLevelSchema.exclude(['trace']).nullable().optional() }).optional(),
  })
  .refine((body) => Object.values(body).some((section) => Object.values(section ?? {}).some((v) => v !== undefined)), {
    message: 'must change at least one setting',
  });
export type SettingsUpdate = z.infer<typeof settingsUpdateSchema>;

/** Answer of PUT /v1/owner/settings. */
export const settingsUpdateResponseSchema = z.object({ updated: z.literal(true), settings: settingsResponseSchema });
export type SettingsUpdateResponse = z.infer<typeof settingsUpdateResponseSchema>;
