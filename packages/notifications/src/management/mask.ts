import type { NotificationChannelType } from '@waiaas/core';

/** Shown in the place of what is secret. */
const HIDDEN = '****...';

/** A secret with its last four characters, by which its owner knows it again (05 §2.14). */
const maskSecret = (secret: string): string => (secret.length < 16 ? HIDDEN : `${HIDDEN}${secret.slice(-4)}`);

/** A URL that is a secret itself: the server, and the folder Discord's webhooks are in. */
function maskUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  const folder = pathname.startsWith('/api/webhooks/') ? '/api/webhooks/' : '/';
  return `${origin}${folder}${HIDDEN}`;
}

type Mask = (value: string) => string;
const shown: Mask = (value) => value;

/** The fields of each type, and how they are shown. Fields that are not listed are not shown at all. */
const MASKS: Readonly<Record<NotificationChannelType, Readonly<Record<string, Mask>>>> = {
  TELEGRAM: { botToken: maskSecret, chatId: shown, apiUrl: shown },
  DISCORD: { webhookUrl: maskUrl },
  NTFY: { serverUrl: shown, topic: shown, authToken: maskSecret },
  SLACK: { webhookUrl: maskUrl },
  WEBHOOK: { url: maskUrl, secret: maskSecret },
};

/** A configuration as it is shown. */
export function maskConfig(
  type: NotificationChannelType,
  config: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const masked: Record<string, string> = {};
  for (const [name, mask] of Object.entries(MASKS[type])) {
    const value = config[name];
    if (typeof value === 'string') masked[name] = mask(value);
  }
  return masked;
}

/**
 * A configuration with a change in it. What is sent back as it was shown is not a change: asterisks are never stored.
 */
export function mergeConfig(
  type: NotificationChannelType,
  present: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, string | null>>,
): Record<string, unknown> {
  const masked = maskConfig(type, present);
  const merged: Record<string, unknown> = { ...present };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete merged[name];
    else if (value !== masked[name]) merged[name] = value;
  }
  return merged;
}
