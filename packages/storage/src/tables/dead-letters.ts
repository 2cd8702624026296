import { type Selectable, sql } from 'kysely';
import type { Db } from '../query-executor.ts';
import type { DeadLettersTable } from '../schema.ts';
import type { OutboxRow } from './notification-outbox.ts';

/** A row of `dead_letters`. */
export type DeadLetterRow = Selectable<DeadLettersTable>;

/** For how long an event that a webhook has not taken is kept once it is not tried any more, seconds (08 §2.10). */
export const DEAD_LETTERS_FOR = 72 * 3600;
/** How many are kept for a channel; the oldest go first. */
export const DEAD_LETTERS_MAX = 1000;

/**
 * Keeps an event for a webhook that has not taken it. One that is kept already, as after a restart that has tried it once
 * more, stays as old as it is. A channel that is no more keeps nothing.
 */
export async function keepDeadLetter(db: Db, row: DeadLetterRow): Promise<void> {
  await insertLetter(db, row);
  await dropOldest(db, row.channel_id);
}

/**
 * Keeps for a webhook what waits for it, because it is switched off: of what is not kept already, the newest.
 *
 * @param row makes what is kept of an event; null where it was not for this webhook
 */
export async function keepWaitingFor(
  db: Db,
  channelId: string,
  row: (waiting: OutboxRow) => DeadLetterRow | null,
): Promise<void> {
  const waiting = await db
    .selectFrom('notification_outbox')
    .selectAll()
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM json_each(delivered_to) WHERE value = ${channelId})`)
    .where('id', 'not in', (query) => query.selectFrom('dead_letters').select('id').where('channel_id', '=', channelId))
    .orderBy('seq', 'desc')
    .limit(DEAD_LETTERS_MAX)
    .execute();
  for (const one of waiting) {
    const letter = row(one);
    if (letter !== null) await insertLetter(db, letter);
  }
  await dropOldest(db, channelId);
}

async function insertLetter(db: Db, row: DeadLetterRow): Promise<void> {
  const { channel_id, id, sequence, payload, created_at, given_up_at, error, seal } = row;
  await db
    .insertInto('dead_letters')
    .columns(['channel_id', 'id', 'sequence', 'payload', 'created_at', 'given_up_at', 'error', 'seal'])
    .expression((eb) =>
      eb
        .selectFrom('notification_channels')
        .select((one) => [
          'notification_channels.id',
          one.val(id).as('letter_id'),
          one.val(sequence).as('sequence'),
          one.val(payload).as('payload'),
          one.val(created_at).as('letter_created_at'),
          one.val(given_up_at).as('given_up_at'),
          one.val(error).as('error'),
          one.val(seal).as('seal'),
        ])
        .where('notification_channels.id', '=', channel_id),
    )
    .onConflict((conflict) => conflict.columns(['channel_id', 'id']).doUpdateSet({ error }))
    .execute();
}

async function dropOldest(db: Db, channelId: string): Promise<void> {
  await db
    .deleteFrom('dead_letters')
    .where('channel_id', '=', channelId)
    .where('id', 'in', (query) =>
      query
        .selectFrom('dead_letters')
        .select('id')
        .where('channel_id', '=', channelId)
        .orderBy('id', 'desc')
        .limit(-1)
        .offset(DEAD_LETTERS_MAX),
    )
    .execute();
}

/** Which dead letters of a channel to list. */
export interface DeadLetterQuery {
  readonly channelId: string;
  /** Only what was given up after that, Unix seconds. */
  readonly after: number;
  /** Id of the last row of the page before. */
  readonly cursor?: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** A page of the dead letters of a channel, in the order in which their events happened. */
export function listDeadLetters(db: Db, query: DeadLetterQuery): Promise<DeadLetterRow[]> {
  const { channelId, after, cursor, order, limit } = query;
  let select = db
    .selectFrom('dead_letters')
    .selectAll()
    .where('channel_id', '=', channelId)
    .where('given_up_at', '>', after);
  if (cursor !== undefined) select = select.where('id', order === 'asc' ? '>' : '<', cursor);
  return select.orderBy('id', order).limit(limit).execute();
}

/** One dead letter of a channel that was given up after a time; undefined when there is none. */
export const findDeadLetter = (
  db: Db,
  { channelId, id, after }: { readonly channelId: string; readonly id: string; readonly after: number },
): Promise<DeadLetterRow | undefined> =>
  db
    .selectFrom('dead_letters')
    .selectAll()
    .where('channel_id', '=', channelId)
    .where('id', '=', id)
    .where('given_up_at', '>', after)
    .executeTakeFirst();

/** Notes why a dead letter was not taken once more. */
export async function noteDeadLetterError(db: Db, channelId: string, id: string, error: string): Promise<void> {
  await db
    .updateTable('dead_letters')
    .set({ error })
    .where('channel_id', '=', channelId)
    .where('id', '=', id)
    .execute();
}

/** Takes a dead letter out: the receiver has it. */
export async function removeDeadLetter(db: Db, channelId: string, id: string): Promise<void> {
  await db.deleteFrom('dead_letters').where('channel_id', '=', channelId).where('id', '=', id).execute();
}

/** Deletes about so many of those that were given up at a time or before. Answers how many there were. */
export async function trimDeadLetters(db: Db, upTo: number, limit: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('dead_letters')
    .where('given_up_at', '<=', upTo)
    .where('id', 'in', (query) =>
      query
        .selectFrom('dead_letters')
        .select('id')
        .where('given_up_at', '<=', upTo)
        .orderBy('given_up_at')
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
