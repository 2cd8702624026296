import type { Clock } from './clock.ts';

/** Something that the machine's clock did and time does not do. */
export interface ClockJump {
  /**
   * - `set_back`: it shows an earlier time than before.
   * - `gap`: it has moved on without time having passed for this process: the machine slept, or the clock was set forward.
   */
  readonly kind: 'set_back' | 'gap';
  /** By how much, ms. */
  readonly ms: number;
  /** What the steady clock shows after it, epoch ms. */
  readonly at: number;
}

/** A clock that never shows an earlier time than before, and knows of its machine's jumps. */
export interface SteadyClock extends Clock {
  /** By how much it is ahead of the machine's clock, ms: 0, unless that was set back. */
  readonly ahead: number;
  /**
   * Since when it has gone without a gap, epoch ms: since it was made or since the last gap. What came due before, did so
   * while nobody could do anything about it.
   */
  readonly awakeSince: number;
  /** The jumps since the last call. */
  takeJumps(): readonly ClockJump[];
}

/** What a steady clock is made of. */
export interface SteadyClockSources {
  /** The machine's clock, epoch ms: it can be set, and goes on while the machine sleeps. */
  readonly wall: () => number;
  /** Milliseconds from any moment; never goes back and cannot be set. */
  readonly monotonic: () => number;
}

/** Smallest step back that counts as one, ms; below, it is the clock being disciplined. */
const SET_BACK = 1000;
/** Smallest gap that counts as one, ms: as long as a payment waits after it, so that no veto is cut short by it. */
const GAP = 60_000;

/**
 * Makes a clock for everything that expires, waits or is counted by time. Setting the machine's clock back would let expired
 * sessions live again, overdue approvals be given and secrets outlive their end; so it goes on from the latest time there has
 * been, as fast as time really passes, until the machine's clock has caught up. A clock that is set forward is followed,
 * since nobody can tell that from a machine that slept: what is late because of it is not lost, only later (`awakeSince`).
 *
 * @example createSteadyClock({ wall: () => Date.now(), monotonic: () => performance.now() })
 */
export function createSteadyClock({ wall, monotonic }: SteadyClockSources): SteadyClock {
  let shown = wall();
  let passed = monotonic();
  /** What the machine's clock shows more than has passed. */
  let offset = shown - passed;
  let awakeSince = shown;
  let jumps: ClockJump[] = [];

  /** Looks at both clocks once, so that nothing falls between them. */
  function now(): number {
    const at = wall();
    const monotonicNow = monotonic();
    const moved = at - monotonicNow - offset;
    const since = monotonicNow - passed;
    passed = monotonicNow;
    offset = at - monotonicNow;
    shown = at >= shown ? at : shown + since;
    if (moved <= -SET_BACK) jumps.push({ kind: 'set_back', ms: -moved, at: shown });
    if (moved >= GAP) {
      awakeSince = shown;
      jumps.push({ kind: 'gap', ms: moved, at: shown });
    }
    return shown;
  }

  return {
    now,
    get ahead() {
      return Math.max(0, now() - wall());
    },
    get awakeSince() {
      now();
      return awakeSince;
    },
    takeJumps() {
      now();
      const taken = jumps;
      jumps = [];
      return taken;
    },
  };
}
