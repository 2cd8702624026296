import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, isoFromSeconds, isoTime, type Logger, type SteadyClock, unixSeconds } from '@waiaas/core';
import { type AuditEntry, latestAuditTime, type Storage } from '@waiaas/storage';
import { StartFailure } from '../daemon-options.ts';
import type { WorkerPlan } from './workers.ts';

/** A clock that is behind by no more than this, seconds, is waited for. */
const PATIENCE = 60;

/** What the check of the clock works with. */
export interface ClockCheckOptions {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly accept: boolean;
  readonly onStep: (step: string) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Compares the clock with the latest time on record, before anything depends on it. On a clock that was set back while the
 * daemon was down, expired sessions would live again and windows of caps would be counted wrongly. The record is in the
 * database, which others may be able to write: so it can keep the daemon from starting, and can never move its clock.
 *
 * @returns the entry to leave in the audit log when the clock was accepted against the record; null otherwise
 * @throws StartFailure CLOCK_BEHIND
 */
export async function checkClock(options: ClockCheckOptions): Promise<AuditEntry | null> {
  const { clock, storage, accept, onStep, signal } = options;
  const latest = await latestAuditTime(storage.read);
  const behind = latest === null ? 0 : latest - unixSeconds(clock);
  if (latest === null || behind <= 0) return null;
  if (accept) {
    const details = { clock: isoTime(clock.now()), latestRecord: isoFromSeconds(latest) };
    return { event: 'CLOCK_ACCEPTED', actor: 'cli', details };
  }
  if (behind > PATIENCE) {
    throw new StartFailure(
      `The clock shows ${isoTime(clock.now())}, but this daemon has worked until ${isoFromSeconds(latest)}.`,
      {
        exitCode: 1,
        code: 'CLOCK_BEHIND',
        hint: 'Set the clock of this machine. If the time before was wrong, start once with --accept-clock.',
      },
    );
  }
  onStep(`Waiting ${behind} s for the clock, which was set back`);
  while (unixSeconds(clock) < latest && signal?.aborted !== true) await wait(250);
  return null;
}

/** Tells of what the machine's clock does while the daemon runs. */
export const clockWatch = (
  clock: Pick<SteadyClock, 'takeJumps'>,
  audit: (entry: AuditEntry) => Promise<void>,
  logger: Logger,
): WorkerPlan => ({
  name: 'clockWatch',
  intervalMs: 5000,
  async run() {
    for (const { kind, ms, at } of clock.takeJumps()) {
      const details = { seconds: Math.round(ms / 1000), at: isoTime(at) };
      if (kind === 'set_back') {
        logger.error(details, 'The clock was set back; the daemon goes on from the latest time there has been');
        await audit({ event: 'CLOCK_SET_BACK', actor: 'system', details });
      } else {
        logger.warn(details, 'The machine slept or its clock was set forward; delayed payments wait a little longer');
        await audit({ event: 'CLOCK_GAP', actor: 'system', details });
      }
    }
  },
});
