import { isWaiaasError, type NotificationEvent, notificationUrgency, type RowSealer } from '@waiaas/core';
import type { Selectable } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { NotificationOutboxTable } from '../schema.ts';
import { notificationContent, type SealedNotification } from '../seals.ts';

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

/** What of a row its seal covers, and the seal. */
export const sealedOf = ({ id, seq, payload, created_at, seal }: OutboxRow): SealedNotification => ({
  id,
  sequence: seq,
  payload,
  createdAt: created_at,
  seal,
});

/**
 * Stores an event to be told, under a seal unless the vault was not opened yet. Units of work do it by `notify`, which also
 * sees to it that it is told soon.
 */
export async function enqueueNotification(
  db: Db,
  { id, at, event }: NewNotification,
  sealer: Pick<RowSealer, 'seal'>,
): Promise<void> {
  const row = await db
    .insertInto('notification_outbox')
    .values({
      id,
      event: event.event,
      urgency: notificationUrgency(event),
      payload: JSON.stringify(event),
      created_at: at,
      next_attempt_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const seal = sealUnlessLocked(sealer, row);
  if (seal !== null) await db.updateTable('notification_outbox').set({ seal }).where('seq', '=', row.seq).execute();
}

function sealUnlessLocked(sealer: Pick<RowSealer, 'seal'>, row: OutboxRow): string | null {
  try {
    return sealer.seal(notificationContent(sealedOf(row)));
  } catch (error) {
    if (isWaiaasError(error, 'KEYSTORE_LOCKED')) return null;
    throw error;
  }
}

/**
 * Seals what waits in a database from before that was done, as it is found: only where the audit log does not say that it was done.
 *
 * @returns how many there were
 * @throws WaiaasError KEYSTORE_LOCKED
 */
export async function sealEarlierNotifications(db: Db, sealer: Pick<RowSealer, 'seal'>): Promise<number> {
  const rows = await db.selectFrom('notification_outbox').selectAll().where('seal', 'is', null).execute();
  for (const row of rows) {
    const seal = sealer.seal(notificationContent(sealedOf(row)));
    await db.updateTable('notification_outbox').set({ seal }).where('seq', '=', row.seq).execute();
  }
  return rows.length;
}

/** Events whose time has come, the most urgent first and then the oldest. */
export const listDueNotifications = (
  db: Db,
  query: { readonly now: number; readonly limit: number; readonly except: readonly string[] },
): Promise<OutboxRow[]> =>
  db
    .selectFrom('notification_outbox')
    .selectAll()
    .where('next_attempt_at', '<=', query.now)
    .$if(query.except.length > 0, (rows) => rows.where('id', 'not in', query.except))
    .orderBy('urgency')
    .orderBy('seq')
    .limit(query.limit)
    .execute();

/** When the next event is due that is not due yet, Unix seconds; null when there is none. */
export async function nextNotificationAt(db: Db, now: number): Promise<number | null> {
  const row = await db
    .selectFrom('notification_outbox')
    .select(({ fn }) => fn.min('next_attempt_at').as('at'))
    .where('next_attempt_at', '>', now)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** Takes an event out: it was told, or given up. */
export async function removeNotification(db: Db, id: string): Promise<void> {
  await db.deleteFrom('notification_outbox').where('id', '=', id).execute();
}

/** Leaves an event for another attempt. */
export async function postponeNotification(
  db: Db,
  id: string,
  next: { readonly at: number; readonly attempts: number; readonly deliveredTo: readonly string[] },
): Promise<void> {
  await db
    .updateTable('notification_outbox')
    .set({ next_attempt_at: next.at, attempts: next.attempts, delivered_to: JSON.stringify(next.deliveredTo) })
    .where('id', '=', id)
    .execute();
}

/** How many events have not been told yet. */
export async function countNotifications(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom('notification_outbox')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  return n;
}
