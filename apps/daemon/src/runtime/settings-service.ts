import type { ApiServices } from '@waiaas/api-server';
import type { SettingsResponse } from '@waiaas/core';
import type { Settings } from '@waiaas/management';
import type { ChannelManagement } from '@waiaas/notifications';
import type { AutoStopRules } from '@waiaas/safety';
import type { Config } from '../config/index.ts';
import type { DaemonLogger } from '../logging/index.ts';
import { originOf } from './request-origin.ts';

/** What the settings of the API are read from. */
export interface SettingsServiceParts {
  readonly config: Config;
  readonly settings: Settings;
  readonly port: () => number;
  readonly channels: Pick<ChannelManagement, 'list'>;
  readonly autoStopRules: Pick<AutoStopRules, 'list'>;
  readonly logger: Pick<DaemonLogger, 'setLevel'>;
}

/** The settings as the API shows and changes them (06 E26, E27). */
export function createSettingsService(parts: SettingsServiceParts): ApiServices['settings'] {
  const { config, settings, port, channels, autoStopRules, logger } = parts;

  async function read(): Promise<SettingsResponse> {
    const { notificationsEnabled, minChannels, autoStopEnabled, logLevel } = settings.current();
    const { rate_limit_global_rpm, rate_limit_session_rpm, rate_limit_tx_rpm } = config.security;
    return {
      server: { hostname: config.daemon.hostname, port: port(), logLevel },
      security: {
        jwtSecret: '[REDACTED]',
        rateLimits: {
          global: rate_limit_global_rpm,
          session: rate_limit_session_rpm,
          transaction: rate_limit_tx_rpm,
        },
      },
      notifications: {
        enabled: notificationsEnabled,
        minChannels,
        channels: (await channels.list()).channels.map((channel) => ({
          type: channel.type,
          name: channel.name,
          enabled: channel.enabled,
          configPreview: Object.values(channel.config).join(' '),
        })),
      },
      autoStop: { enabled: autoStopEnabled, rulesCount: (await autoStopRules.list()).rules.length },
      changed: [...settings.changed()],
    };
  }

  return {
    read,
    async update(change, context) {
      await settings.update(change, originOf(context));
      logger.setLevel(settings.current().logLevel);
      return { updated: true, settings: await read() };
    },
  };
}
