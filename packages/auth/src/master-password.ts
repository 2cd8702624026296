import { type Clock, unixSeconds, WaiaasError } from '@waiaas/core';
import type { LockoutState, LockoutStore } from './lockout-store.ts';
import { createSerialQueue } from './serial-queue.ts';
import type { ShownCredential } from './shown-credential.ts';

/** Checks the master password of requests. */
export interface MasterPassword {
  /**
   * Resolves when the password is right. What it resolves to says later whether it still is.
   * @throws WaiaasError INVALID_MASTER_PASSWORD when it is missing or wrong; MASTER_PASSWORD_LOCKED with `retryAfter` in
   *   seconds after too many wrong ones, even for the right one; RATE_LIMIT_EXCEEDED when too many attempts wait already.
   */
  authenticate(password: string | undefined): Promise<ShownCredential>;
  /** The password has been changed: whoever was let in with the one before is let in no longer. */
  replaced(): void;
}

/** What the check of the master password is made of. */
export interface MasterPasswordOptions {
  /** Whether a password is the right one. Slow on purpose (Argon2id), and run for one attempt at a time. */
  readonly verify: (password: string) => Promise<boolean>;
  readonly lockout: LockoutStore;
  readonly clock: Clock;
  /** Wrong passwords in a row that lock sign-in. */
  readonly maxFailures?: number;
  readonly lockSeconds?: number;
  /** Attempts that may run or wait at a time. */
  readonly maxQueued?: number;
  /**
   * Told of each wrong password, before it is answered: leaves the AUTH_FAILED audit row. Attempts that were not evaluated
   * (missing, locked, too many at once) are not told, so nobody can fill the audit log by guessing on.
   */
  readonly onFailure: (state: LockoutState) => Promise<void>;
}

/** No master password has another form (00 §3), so anything else is wrong without being evaluated. */
const POSSIBLE = /^[\x20-\x7e]{1,128}$/;
const OPEN: LockoutState = { failures: 0, lockedUntil: null };

/**
 * The check of the master password with its lockout (03 §14).
 *
 * "Is it locked", "is it right" and "count it" are one step: attempts run one after another, so that guesses fired at once
 * cannot outrun the count. The count is stored *before* the password is evaluated and taken back after a success: a
 * crash in between costs a guess rather than giving one. While locked nothing is evaluated or counted, and the lock is
 * not prolonged. It holds for everybody, because everybody on the machine has the same address.
 *
 * A request without a password is refused and not counted: it guesses nothing. A text that cannot be a master password
 * (too long, not printable ASCII) is a wrong one and counts, but costs no Argon2id.
 */
export function createMasterPassword(options: MasterPasswordOptions): MasterPassword {
  const { verify, lockout, clock, maxFailures = 5, lockSeconds = 1800, maxQueued = 16, onFailure } = options;
  const queue = createSerialQueue();
  /** How often the password was changed. */
  let changes = 0;

  /** Rounded up: the lock lasts its full time, also when it starts in the middle of a second. */
  const endOfLock = (): number => Math.ceil(clock.now() / 1000) + lockSeconds;

  const attempt = async (password: string): Promise<ShownCredential> => {
    // Taken before the password is evaluated: a change during that is one that came after.
    const seen = changes;
    const before = await currentState();
    const failures = before.failures + 1;
    const lockedUntil = failures >= maxFailures ? endOfLock() : null;
    const counted: LockoutState = { failures, lockedUntil };
    await lockout.save(counted);
    if (await isRight(password, before)) {
      await lockout.save(OPEN);
      return {
        confirm() {
          if (changes !== seen) throw new WaiaasError('INVALID_MASTER_PASSWORD');
        },
      };
    }
    await onFailure(counted);
    throw new WaiaasError('INVALID_MASTER_PASSWORD');
  };

  /** The state before this attempt. @throws WaiaasError MASTER_PASSWORD_LOCKED */
  const currentState = async (): Promise<LockoutState> => {
    const stored = await lockout.load();
    if (stored.lockedUntil === null) return { failures: readCount(stored.failures), lockedUntil: null };
    const now = unixSeconds(clock);
    if (stored.lockedUntil <= now) return OPEN;
    // Set under a clock that ran ahead, or unreadable: the lock lasts its full time from here, and not longer.
    const longest = endOfLock();
    const lockedUntil = Number.isSafeInteger(stored.lockedUntil) ? Math.min(stored.lockedUntil, longest) : longest;
    if (lockedUntil !== stored.lockedUntil) await lockout.save({ failures: stored.failures, lockedUntil });
    throw new WaiaasError('MASTER_PASSWORD_LOCKED', { details: { retryAfter: lockedUntil - now } });
  };

  /** A count that cannot be read leaves one guess, not endless ones. */
  const readCount = (failures: number): number =>
    Number.isSafeInteger(failures) && failures >= 0 ? failures : maxFailures - 1;

  const isRight = async (password: string, before: LockoutState): Promise<boolean> => {
    if (!POSSIBLE.test(password)) return false;
    try {
      return (await verify(password)) === true;
    } catch (error) {
      // No verdict was reached, so nothing was guessed: a fault of the machine must not lock the operator out.
      await lockout.save(before);
      throw error;
    }
  };

  return {
    async authenticate(password) {
      if (password === undefined || password === '') throw new WaiaasError('INVALID_MASTER_PASSWORD');
      if (queue.size >= maxQueued) {
        throw new WaiaasError('RATE_LIMIT_EXCEEDED', {
          message: 'Too many sign-in attempts at once.',
          details: { limit: maxQueued, window: 'at once', retryAfter: 1 },
        });
      }
      return queue.run(() => attempt(password));
    },
    replaced() {
      changes += 1;
    },
  };
}
