import type { LockoutState, LockoutStore } from '@waiaas/auth';
import { type Clock, unixSeconds } from '@waiaas/core';
import { readState, type Storage, writeState } from '@waiaas/storage';

const numberOrNaN = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

/**
 * The lockout of the master password in `system_state`, so that a restart does not end it (03 §14). What cannot be read
 * comes back as NaN, which the lockout treats as its strictest state.
 */
export const createLockoutStore = (storage: Storage, clock: Clock): LockoutStore => ({
  async load(): Promise<LockoutState> {
    const failures = await readState(storage.read, 'recovery_failed_attempts');
    const lockedUntil = await readState(storage.read, 'recovery_lockout_until');
    return {
      failures: failures === undefined ? 0 : numberOrNaN(failures),
      lockedUntil: lockedUntil === undefined || lockedUntil === null ? null : numberOrNaN(lockedUntil),
    };
  },
  async save(state) {
    await storage.write(async ({ db }) => {
      const now = unixSeconds(clock);
      await writeState(db, 'recovery_failed_attempts', state.failures, now);
      await writeState(db, 'recovery_lockout_until', state.lockedUntil, now);
    });
  },
});
