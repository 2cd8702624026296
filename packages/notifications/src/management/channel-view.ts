import { isoFromSeconds, type NotificationChannel } from '@waiaas/core';
import type { NotificationChannelRow } from '@waiaas/storage';
import { UNREACHABLE_AFTER } from '../channels/channel-book.ts';
import { maskConfig } from './mask.ts';

function healthOf(row: NotificationChannelRow, authentic: boolean): NotificationChannel['health'] {
  if (!authentic) return 'not_authentic';
  if (row.consecutive_failures >= UNREACHABLE_AFTER) return 'unreachable';
  if (row.consecutive_failures > 0) return 'failing';
  return row.last_health_check === null ? 'unknown' : 'healthy';
}

/**
 * A channel as whoever manages it sees it, without its secrets.
 * @param config null when the row is not the one that the daemon wrote
 */
export function channelView(row: NotificationChannelRow, config: Record<string, unknown> | null): NotificationChannel {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    enabled: row.enabled === 1,
    priority: row.priority,
    locale: row.locale,
    paired: config?.paired === true,
    config: config === null ? {} : maskConfig(row.type, config),
    health: healthOf(row, config !== null),
    lastCheckAt: row.last_health_check === null ? null : isoFromSeconds(row.last_health_check),
    createdAt: isoFromSeconds(row.created_at),
    updatedAt: isoFromSeconds(row.updated_at),
  };
}

/** A channel as the audit log tells of it. */
export const auditedChannel = ({ id, type, name, priority, enabled, locale }: NotificationChannelRow) => ({
  channelId: id,
  type,
  name,
  priority,
  enabled: enabled === 1,
  locale,
});
