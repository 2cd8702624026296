import type { Selectable } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { NotificationChannelsTable } from '../schema.ts';

/** A row of `notification_channels`. */
export type NotificationChannelRow = Selectable<NotificationChannelsTable>;

/** All channels, first the ones that are tried first. */
export const listNotificationChannels = (db: Db): Promise<NotificationChannelRow[]> =>
  db.selectFrom('notification_channels').selectAll().orderBy('priority', 'desc').orderBy('id').execute();

export const findNotificationChannel = (db: Db, id: string): Promise<NotificationChannelRow | undefined> =>
  db.selectFrom('notification_channels').selectAll().where('id', '=', id).executeTakeFirst();

export async function insertNotificationChannel(db: Db, row: NotificationChannelRow): Promise<void> {
  await db.insertInto('notification_channels').values(row).execute();
}

/** Changes a channel to its next version. False when it is not at the version before: somebody else was faster. */
export async function updateNotificationChannel(
  db: Db,
  {
    id,
    version,
    ...fields
  }: Pick<
    NotificationChannelRow,
    'id' | 'version' | 'name' | 'config' | 'priority' | 'enabled' | 'locale' | 'updated_at' | 'consecutive_failures'
  >,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('notification_channels')
    .set({ ...fields, version })
    .where('id', '=', id)
    .where('version', '=', version - 1)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Deletes a channel; what was sent over it stays in the log. False when there is none. */
export async function deleteNotificationChannel(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('notification_channels').where('id', '=', id).executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Notes whether a channel worked when it was last tried, and how often it has failed since it last did. */
export async function recordChannelHealth(
  db: Db,
  id: string,
  health: { readonly ok: boolean; readonly failures: number; readonly at: number },
): Promise<void> {
  await db
    .updateTable('notification_channels')
    .set({
      last_health_check: health.at,
      last_health_status: health.ok ? 1 : 0,
      consecutive_failures: health.failures,
    })
    .where('id', '=', id)
    .execute();
}
