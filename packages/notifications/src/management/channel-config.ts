import {
  canonicalJson,
  discordChannelConfigSchema,
  type NotificationChannelType,
  type NotificationChannelUpdate,
  ntfyChannelConfigSchema,
  slackChannelConfigSchema,
  telegramChannelConfigSchema,
  validationError,
  WaiaasError,
  webhookChannelConfigSchema,
} from '@waiaas/core';
import type { z } from 'zod';
import { storedWebhookConfigSchema } from '../channels/create-sender.ts';
import { mergeConfig } from './mask.ts';
import { isSameServer, movedSecret } from './moved-secret.ts';

/** How long deliveries of a webhook carry the signature by its former secret, too, seconds. */
const SECRET_OVERLAP = 86_400;

const SCHEMAS = {
  TELEGRAM: telegramChannelConfigSchema,
  DISCORD: discordChannelConfigSchema,
  NTFY: ntfyChannelConfigSchema,
  SLACK: slackChannelConfigSchema,
  WEBHOOK: webhookChannelConfigSchema,
} as const;

type WebhookConfig = z.infer<typeof storedWebhookConfigSchema>;

/** What is said of a channel that cannot be stored, or used, as it is. */
export const invalidChannel = (reason: string): WaiaasError =>
  new WaiaasError('INVALID_CHANNEL_CONFIG', { details: { reason } });

/** Where a channel leads: two that lead to the same place are one way to reach the owner, not two. */
export function destinationOf(type: NotificationChannelType, config: Readonly<Record<string, unknown>>): string {
  const { chatId, botToken, webhookUrl, serverUrl, topic, url } = config;
  const parts = type === 'TELEGRAM' ? [chatId, String(botToken).split(':')[0]] : [webhookUrl, serverUrl, topic, url];
  return canonicalJson([type, ...parts.map((part) => (typeof part === 'string' ? part.replace(/\/+$/, '') : null))]);
}

/**
 * The stored configuration with a change in it, by the schema of its type. What of it is the daemon's own, such as the
 * former secret of a webhook, cannot be set.
 * @throws WaiaasError VALIDATION_ERROR
 */
export function changedConfig(
  type: NotificationChannelType,
  present: Record<string, unknown>,
  change: NonNullable<NotificationChannelUpdate['config']>,
): Record<string, unknown> {
  const { previousSecret, previousUntil, paired, ...open } = present;
  const parsed = SCHEMAS[type].safeParse(mergeConfig(type, open, change));
  if (!parsed.success) {
    throw validationError(
      parsed.error.issues.map(({ path, code, message }) => ({ path: ['config', ...path].join('.'), code, message })),
    );
  }
  const withheld = movedSecret(type, open, parsed.data, change);
  if (withheld !== null) {
    throw validationError([
      {
        path: `config.${withheld}`,
        code: 'custom',
        message: 'must be given again when it is to go to another server',
      },
    ]);
  }
  const kept = previousSecret === undefined ? {} : { previousSecret, previousUntil };
  // Another chat, another bot, or another server that answers for them, has not been paired.
  const isSameChat =
    destinationOf(type, open) === destinationOf(type, parsed.data) && isSameServer(type, open, parsed.data);
  const keptPairing = paired === true && isSameChat ? { paired } : {};
  const config: Record<string, unknown> = { ...parsed.data, ...kept, ...keptPairing };
  if (type === 'WEBHOOK' && config.secret === undefined) {
    throw validationError([{ path: 'config.secret', code: 'custom', message: 'cannot be taken away' }]);
  }
  return config;
}

/** A webhook's configuration with a new secret; the present one stays good for a day. @param now Unix seconds */
export function rotatedConfig(config: Record<string, unknown>, secret: string, now: number): WebhookConfig {
  const { url, secret: previousSecret } = storedWebhookConfigSchema.parse(config);
  return { url, secret, previousSecret, previousUntil: now + SECRET_OVERLAP };
}

/** A configuration as text: the same for two that say the same. */
export const canonicalConfig = (config: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
