import { type Clock, type Logger, unixSeconds } from '@waiaas/core';
import {
  type Db,
  DEAD_LETTERS_FOR,
  recordChannelHealth,
  type Storage,
  trimDeadLetters,
  trimNotificationLog,
} from '@waiaas/storage';
import type { SendResult } from '../channels/channel.ts';
import { type ChannelBook, type LoadedChannel, UNREACHABLE_AFTER } from '../channels/channel-book.ts';
import { learn } from '../delivery/attempt.ts';

/** Rows deleted in one unit of work. */
const TRIM_BATCH = 1000;
const DAY = 86_400;

/** What keeps channels and log in order. Both are run again and again. */
export interface Upkeep {
  /** Finds out whether each enabled channel would get a message through (05 §2.13). */
  checkChannels(): Promise<void>;
  /** Deletes what is older than the log is kept, and dead letters that are older than they are. Answers how many rows. */
  trimLog(): Promise<number>;
}

/** Makes the upkeep. */
export function createUpkeep(dependencies: {
  readonly storage: Storage;
  readonly book: ChannelBook;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isEnabled: () => boolean;
  readonly logRetentionDays: number;
}): Upkeep {
  const { storage, book, clock, logger, isEnabled, logRetentionDays } = dependencies;

  async function check(channel: LoadedChannel): Promise<void> {
    const checked = await channel.sender.check();
    // Nothing was to be taken, so a refusal is about the channel.
    const result: SendResult =
      !checked.success && checked.kind === 'message_refused' ? { ...checked, kind: 'channel_refused' } : checked;
    const health = learn(channel, result, clock.now());
    if (health === null) return;
    const { id: channelId, name: channelName } = channel;
    if (!result.success)
      logger.warn({ channelId, error: book.redact(result.error) }, 'A notification channel failed its check');
    await storage.write(async ({ db, notify }) => {
      await recordChannelHealth(db, channelId, { ...health, at: unixSeconds(clock) });
      if (health.failures !== UNREACHABLE_AFTER || health.ok) return;
      await notify({ event: 'CHANNEL_UNHEALTHY', channelId, channelName, failures: health.failures });
    });
  }

  async function inBatches(trim: (db: Db) => Promise<number>): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = await storage.write(({ db }) => trim(db));
      removed += batch;
      if (batch < TRIM_BATCH) return removed;
    }
  }

  return {
    async checkChannels() {
      if (!isEnabled()) return;
      await Promise.all(book.enabled().map(check));
    },
    async trimLog() {
      const now = unixSeconds(clock);
      const letters = await inBatches((db) => trimDeadLetters(db, now - DEAD_LETTERS_FOR, TRIM_BATCH));
      return letters + (await inBatches((db) => trimNotificationLog(db, now - logRetentionDays * DAY, TRIM_BATCH)));
    },
  };
}
