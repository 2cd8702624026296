import { type NotificationEvent, type NotificationLevel, notificationRule } from '@waiaas/core';
import type { Selectable } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { NotificationOutboxTable } from '../schema.ts';

/** A row of `notification_outbox`. */
export type OutboxRow = Selectable<NotificationOutboxTable>;

/** An event to be told. */
export interface NewNotification {
  /** UUID v7. Receivers recognise repetitions by it. */
  readonly id: string;
  /** Unix seconds. */
  readonly at: number;
  readonly event: NotificationEvent;
}

const URGENCY: Readonly<Record<NotificationLevel, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };

/**
 * Stores an event in the unit of work of the change it tells of: neither exists without the other, and no crash loses it.
 * Call `wake` of the notifier once the unit is committed (08 §2.10).
 */
export async function enqueueNotification(db: Db, { id, at, event }: NewNotification): Promise<void> {
  await db
    .insertInto('notification_outbox')
    .values({
      id,
      event: event.event,
      urgency: URGENCY[notificationRule(event).level],
      payload: JSON.stringify(event),
      created_at: at,
      next_attempt_at: at,
    })
    .execute();
}
