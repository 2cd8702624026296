import type { NotificationEventName, NotificationLevel, NotificationStatus } from '@waiaas/core';
import { type Selectable, sql } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { NotificationLogTable } from '../schema.ts';

/** What became of one attempt to tell an event. */
export interface NotificationLogEntry {
  readonly id: string;
  readonly notificationId: string;
  /** Null for what is about all channels. */
  readonly channelId: string | null;
  readonly event: NotificationEventName;
  readonly level: NotificationLevel;
  readonly referenceId: string | null;
  readonly status: NotificationStatus;
  /** Without secrets. */
  readonly error: string | null;
  readonly retryCount: number;
  readonly sentAt: number;
}

/** Appends to the delivery log. A channel that was deleted meanwhile is left out of the row, which stays. */
export async function appendNotificationLog(db: Db, entry: NotificationLogEntry): Promise<void> {
  await db
    .insertInto('notification_log')
    .values({
      id: entry.id,
      notification_id: entry.notificationId,
      channel_id: sql<string | null>`(SELECT id FROM notification_channels WHERE id = ${entry.channelId})`,
      event: entry.event,
      level: entry.level,
      reference_id: entry.referenceId,
      status: entry.status,
      error: entry.error,
      retry_count: entry.retryCount,
      sent_at: entry.sentAt,
    })
    .execute();
}

/** Which rows of the delivery log to list, and where to start. Everything given narrows the list. */
export interface NotificationLogQuery {
  readonly channelId?: string | undefined;
  readonly event?: NotificationEventName | undefined;
  readonly status?: NotificationStatus | undefined;
  readonly referenceId?: string | undefined;
  /** Id of the last row of the page before. */
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** A page of the delivery log, in the order the rows were written. */
export function listNotificationLog(db: Db, query: NotificationLogQuery): Promise<Selectable<NotificationLogTable>[]> {
  const { channelId, event, status, referenceId, cursor, order, limit } = query;
  let select = db.selectFrom('notification_log').selectAll();
  if (channelId !== undefined) select = select.where('channel_id', '=', channelId);
  if (event !== undefined) select = select.where('event', '=', event);
  if (status !== undefined) select = select.where('status', '=', status);
  if (referenceId !== undefined) select = select.where('reference_id', '=', referenceId);
  if (cursor !== undefined) select = select.where('id', order === 'asc' ? '>' : '<', cursor);
  return select.orderBy('id', order).limit(limit).execute();
}

/** Deletes the oldest rows that were written before a time. Answers how many there were. */
export async function trimNotificationLog(db: Db, before: number, limit: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('notification_log')
    .where('id', 'in', (query) =>
      query.selectFrom('notification_log').select('id').where('sent_at', '<', before).orderBy('sent_at').limit(limit),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
