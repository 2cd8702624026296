import { z } from 'zod';
import { logLevelSchema } from './api/settings.ts';

/** Settings that were changed while the daemon ran, under the names that the API gives them (06 E27), and what belongs to them. */
export const settingOverridesSchema = z.strictObject({
  'notifications.enabled': z.boolean().optional(),
  /** Where they were switched off: since when, epoch seconds. What was stored up to then is still told. */
  'notifications.offSince': z.int().nonnegative().optional(),
  'notifications.minChannels': z.int().min(1).max(5).optional(),
  'autoStop.enabled': z.boolean().optional(),
  'server.logLevel': logLevelSchema.optional(),
});
export type SettingOverrides = z.infer<typeof settingOverridesSchema>;

/** The same as it is stored, with its seal. */
export const storedSettingsSchema = z.strictObject({
  version: z.int().positive(),
  values: settingOverridesSchema,
  seal: z.string(),
});
