import type { Clock } from './clock.ts';

/** Something that the machine's clock did and time does not do. */
export interface ClockJump {
  /**
   * - `set_back`: it shows an earlier time than before.
   * - `gap`: it has moved on without time having passed for this process: the machine slept, or the clock was set forward, at
   *   once or little by little.
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
   * while nobody could do anything about it. Between this and now it has shown at most `CLOCK_GAP_MS` more than has really passed,
   * and a thousandth.
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
/**
 * What counts as a gap once it has come together since the last one, ms: many short sleeps cut a veto as short as a long one
 * does. Well above what NTP corrects without a step; a busy machine or a paused program is none, as real time passes there too.
 */
export const CLOCK_GAP_MS = 5_000;
/** Smallest gap while the clock is ahead of the machine's, ms: what is shown does not move then, so that none is cut short. */
const UNSEEN_GAP = 60_000;
/** How fast a clock may be without that ever being a gap, a part of the time passed: twice what NTP slews at most. */
const TOLERANCE = 0.001;

/**
 * Makes a clock for everything that expires, waits or is counted by time. Setting the machine's clock back would let expired
 * sessions live again, overdue approvals be given and secrets outlive their end; so it goes on from the latest time there has
 * been, as fast as time really passes, until the machine's clock has caught up. A clock that is set forward is followed,
 * since nobody can tell that from a machine that slept: what is late because of it is not lost, only later (`awakeSince`).
 * What it is moved forward adds up: by 5 s in all since the last gap, it is one.
 *
 * @example createSteadyClock({ wall: () => Date.now(), monotonic: () => performance.now() })
 */
export function createSteadyClock({ wall, monotonic }: SteadyClockSources): SteadyClock {
  let shown = wall();
  let passed = monotonic();
  /** What the machine's clock shows more than has passed. */
  let offset = shown - passed;
  let awakeSince = shown;
  /** The least that was shown more than had passed, since the last gap. */
  let base = offset;
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
    // Against the least, and not step by step: the two clocks are read one after the other, and that differs each time.
    const lead = shown - monotonicNow;
    base = Math.min(lead, base + since * TOLERANCE);
    if (lead - base >= CLOCK_GAP_MS || moved >= UNSEEN_GAP) {
      jumps.push({ kind: 'gap', ms: Math.max(lead - base, moved), at: shown });
      awakeSince = shown;
      base = lead;
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
