import { isoFromSeconds, type NotificationLogQuery, type NotificationLogResponse } from '@waiaas/core';
import { listNotificationLog, type Storage } from '@waiaas/storage';

/** What became of what the owner was to be told. */
export interface DeliveryLog {
  /** What became of every attempt to tell something; kept as long as the configuration says. */
  log(query: NotificationLogQuery): Promise<NotificationLogResponse>;
}

/** Makes what reads it. */
export function createDeliveryLog({ storage }: { readonly storage: Pick<Storage, 'read'> }): DeliveryLog {
  return {
    async log({ limit, ...query }) {
      const rows = await listNotificationLog(storage.read, { ...query, limit: limit + 1 });
      const page = rows.slice(0, limit);
      return {
        entries: page.map((row) => ({
          id: row.id,
          notificationId: row.notification_id,
          channelId: row.channel_id,
          event: row.event,
          level: row.level,
          referenceId: row.reference_id,
          status: row.status,
          error: row.error,
          retries: row.retry_count,
          sentAt: isoFromSeconds(row.sent_at),
        })),
        nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  };
}
