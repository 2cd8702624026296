import type { NotificationEventOf } from '@waiaas/core';

type Changes = NotificationEventOf<'SETTINGS_CHANGED'>['changes'];

/** Whether the owner is told nothing any more from this change on. */
export const saysOff = (changes: Changes): boolean =>
  changes.some(({ setting, value }) => setting === 'notifications.enabled' && value === false);

/** The changes as they would stand in config.toml: the same in every language. */
export const written = (changes: Changes): string =>
  changes.map(({ setting, value }) => `${setting} = ${value}`).join(', ');
