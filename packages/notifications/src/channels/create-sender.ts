import {
  type Clock,
  discordChannelConfigSchema,
  type NotificationChannelType,
  ntfyChannelConfigSchema,
  slackChannelConfigSchema,
  telegramChannelConfigSchema,
} from '@waiaas/core';
import { z } from 'zod';
import type { Sender } from './channel.ts';
import { createDiscordSender } from './discord-channel.ts';
import { createNtfySender } from './ntfy-channel.ts';
import { createSlackSender } from './slack-channel.ts';
import { createTelegramSender, type TelegramChannelDependencies } from './telegram-channel.ts';
import { createWebhookSender } from './webhook-channel.ts';

/** The configuration of a webhook as it is stored: its secret is there, and the one before it for a day. */
export const storedWebhookConfigSchema = z.strictObject({
  url: z.string(),
  secret: z.string(),
  previousSecret: z.string().optional(),
  previousUntil: z.int().optional(),
});

/** The configuration of a chat as it is stored: whether the owner steers the daemon from there was decided by pairing. */
export const storedTelegramConfigSchema = telegramChannelConfigSchema.extend({ paired: z.literal(true).optional() });

/** What senders are made from. */
export interface SenderDependencies extends TelegramChannelDependencies {
  readonly clock: Clock;
}

/**
 * Makes the sender of a channel from its stored configuration: the one place that knows which service is which.
 * @throws ZodError when the configuration is not one of that type
 */
export function createSender(type: NotificationChannelType, config: unknown, dependencies: SenderDependencies): Sender {
  switch (type) {
    case 'TELEGRAM':
      return createTelegramSender(storedTelegramConfigSchema.parse(config), dependencies);
    case 'DISCORD':
      return createDiscordSender(discordChannelConfigSchema.parse(config), dependencies);
    case 'NTFY':
      return createNtfySender(ntfyChannelConfigSchema.parse(config), dependencies);
    case 'SLACK':
      return createSlackSender(slackChannelConfigSchema.parse(config), dependencies);
    case 'WEBHOOK':
      return createWebhookSender(storedWebhookConfigSchema.parse(config), dependencies);
  }
}
