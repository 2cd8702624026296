import type { NotificationChannelType } from '@waiaas/core';
import { TELEGRAM_API } from '../channels/telegram-channel.ts';
import { maskConfig } from './mask.ts';

type Config = Readonly<Record<string, unknown>>;

/** Types whose secret is sent to a server that is named beside it; of the others the secret is a part of the address. */
const KEPT_BESIDE: Readonly<
  Partial<
    Record<NotificationChannelType, { readonly server: string; readonly secret: string; readonly usual?: string }>
  >
> = {
  TELEGRAM: { server: 'apiUrl', secret: 'botToken', usual: TELEGRAM_API },
  NTFY: { server: 'serverUrl', secret: 'authToken' },
};

/** Whether two configurations send what they send to the same server. */
export function isSameServer(type: NotificationChannelType, before: Config, after: Config): boolean {
  const kept = KEPT_BESIDE[type];
  if (kept === undefined) return true;
  const serverOf = (config: Config): string => String(config[kept.server] ?? kept.usual).replace(/\/+$/, '');
  return serverOf(before) === serverOf(after);
}

/**
 * The field of a secret that a change would carry to another server without whoever makes it having shown that they know
 * it; null where there is none. Nobody can read a stored secret, so nobody may have it sent to where they can.
 */
export function movedSecret(
  type: NotificationChannelType,
  before: Config,
  after: Config,
  change: Readonly<Record<string, string | null>>,
): string | null {
  const kept = KEPT_BESIDE[type];
  if (kept === undefined || after[kept.secret] === undefined || isSameServer(type, before, after)) return null;
  const given = change[kept.secret];
  const isGiven = typeof given === 'string' && given !== maskConfig(type, before)[kept.secret];
  return isGiven ? null : kept.secret;
}
