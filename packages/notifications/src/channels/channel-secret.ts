import { canonicalJson, type SecretBox, type SecretContext } from '@waiaas/core';
import type { NotificationChannelRow } from '@waiaas/storage';

/** What of a row its configuration is bound to: who edits any of it makes the channel unusable, not more powerful. */
type BoundRow = Pick<NotificationChannelRow, 'id' | 'version' | 'type' | 'name' | 'enabled' | 'priority' | 'locale'>;

const contextOf = ({ id, version, type, name, enabled, priority, locale }: BoundRow): SecretContext => ({
  kind: 'notification_channel',
  id,
  version,
  payload: canonicalJson({ type, name, enabled, priority, locale }),
});

/** Encrypts the configuration of a channel for its row. @throws WaiaasError KEYSTORE_LOCKED */
export const encryptConfig = (secrets: SecretBox, row: BoundRow, config: object): string =>
  secrets.encrypt(contextOf(row), JSON.stringify(config));

/**
 * The configuration of a channel; null when the row is not the one that the daemon wrote.
 * @throws WaiaasError KEYSTORE_LOCKED
 */
export function decryptConfig(secrets: SecretBox, row: NotificationChannelRow): Record<string, unknown> | null {
  const text = secrets.decrypt(contextOf(row), row.config);
  if (text === null) return null;
  const config: unknown = JSON.parse(text);
  if (typeof config !== 'object' || config === null) throw new TypeError('The configuration of a channel is an object');
  return { ...config };
}
