import { type Db, keepWaitingFor } from '@waiaas/storage';
import { exceptOf, readEvent } from '../delivery/dispatcher.ts';

/**
 * Keeps what waits for a webhook that is switched off, as if it had been given up at that moment: it was on and has not
 * taken it, and the dispatcher knows channels only that are on.
 *
 * @param now Unix seconds
 */
export const keepWaiting = (db: Db, channelId: string, now: number): Promise<void> =>
  keepWaitingFor(db, channelId, (row) => {
    const event = readEvent(row);
    if (event === null || exceptOf(event).includes(channelId)) return null;
    return {
      channel_id: channelId,
      id: row.id,
      sequence: row.seq,
      payload: row.payload,
      created_at: row.created_at,
      given_up_at: now,
      seal: row.seal,
      error: 'The webhook was switched off before it had taken it',
    };
  });
