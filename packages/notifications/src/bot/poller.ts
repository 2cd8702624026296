import { type Clock, type Logger, unixSeconds } from '@waiaas/core';
import { readState, type Storage, writeState } from '@waiaas/storage';
import { GrammyError, HttpError } from 'grammy';
import type { Update } from 'grammy/types';
import { z } from 'zod';
import type { Timers } from '../delivery/attempt.ts';

/** What went wrong, in words: of a connection that failed grammY says only that it did. */
export const reasonOf = (error: unknown): string => String(error instanceof HttpError ? error.error : error);

/** How polling goes. */
export interface PollerState {
  /** Epoch ms of the last answer; null before it. */
  readonly lastPollAt: number | null;
  readonly consecutiveErrors: number;
}

/** Asks Telegram for what was written to the bot, again and again. */
export interface Poller {
  start(): void;
  /** Asks no more, and waits for what is being handled. */
  stop(): Promise<void>;
  state(): PollerState;
}

/** What polling works with. */
export interface PollerDependencies {
  /** Number of the bot, the part of its token that is no secret: another bot counts its updates on its own. */
  readonly botId: string;
  /** Prepares the bot; called again until it succeeds. */
  readonly prepare: () => Promise<void>;
  readonly fetchUpdates: (offset: number) => Promise<readonly Update[]>;
  readonly handle: (update: Update) => Promise<void>;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** Pauses after an error, ms: between single ones, and after three in a row (05 §5.2). */
const PAUSE_MS = 5_000;
const LONG_PAUSE_MS = 30_000;
const ERRORS_BEFORE_LONG_PAUSE = 3;
/** Longest pause Telegram may ask for, seconds. */
const LONGEST_PAUSE = 3600;

const offsetSchema = z.strictObject({ botId: z.string(), offset: z.int().min(0) });

/**
 * Makes the poller. What has been handled is stored before Telegram is asked for more, so that a restart takes up where the
 * last run stopped. A crash in between hands an update out again: whatever a chat can ask for does nothing the second time.
 */
export function createPoller(dependencies: PollerDependencies): Poller {
  const { botId, prepare, fetchUpdates, handle, storage, clock, timers, logger, redact } = dependencies;
  const ending = new AbortController();
  let running: Promise<void> | null = null;
  let isPrepared = false;
  let offset: number | null = null;
  let lastPollAt: number | null = null;
  let consecutiveErrors = 0;

  async function loadOffset(): Promise<number> {
    const stored = offsetSchema.safeParse(await readState(storage.read, 'telegram_offset'));
    return stored.success && stored.data.botId === botId ? stored.data.offset : 0;
  }

  async function handleOne(update: Update): Promise<void> {
    try {
      await handle(update);
    } catch (error) {
      logger.error(
        { updateId: update.update_id, error: redact(String(error)) },
        'A message to the bot was not handled',
      );
    }
    const next = update.update_id + 1;
    // Handled is handled, also where that cannot be stored: a full disk must not make it be answered every few seconds.
    offset = next;
    await storage.write(({ db }) => writeState(db, 'telegram_offset', { botId, offset: next }, unixSeconds(clock)));
  }

  async function poll(): Promise<void> {
    offset ??= await loadOffset();
    if (!isPrepared) await prepare();
    isPrepared = true;
    const updates = await fetchUpdates(offset);
    lastPollAt = clock.now();
    consecutiveErrors = 0;
    for (const update of updates) {
      if (ending.signal.aborted) return;
      await handleOne(update);
    }
  }

  /** How long to wait after an error, ms. */
  function pauseAfter(error: unknown): number {
    consecutiveErrors += 1;
    if (error instanceof GrammyError && error.error_code === 429) {
      return Math.min(error.parameters.retry_after ?? PAUSE_MS / 1000, LONGEST_PAUSE) * 1000;
    }
    const isLong = consecutiveErrors % ERRORS_BEFORE_LONG_PAUSE === 0;
    const fields = { error: redact(reasonOf(error)), consecutiveErrors };
    if (isLong) logger.warn(fields, 'Telegram cannot be asked for messages to the bot');
    else logger.debug(fields, 'Telegram did not answer the bot');
    return isLong ? LONG_PAUSE_MS : PAUSE_MS;
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await poll();
      } catch (error) {
        if (ending.signal.aborted) return;
        await timers.sleep(pauseAfter(error), ending.signal);
      }
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      ending.abort();
      await running;
    },
    state: () => ({ lastPollAt, consecutiveErrors }),
  };
}
