/** What the time is at the daemon, as far as its answers tell. */
export interface DaemonClock {
  /**
   * Learns from the `Date` of an answer, which tells whole seconds.
   * @param date null where the answer has none
   * @param sentAt when the request left, and
   * @param receivedAt when its answer came, by the clock of this machine, ms since 1970
   */
  learn(date: string | null, sentAt: number, receivedAt: number): void;
  /**
   * The latest time it can be at the daemon, ms since 1970: what is over there must never look open here. The clock of this
   * machine as long as no answer has told anything.
   */
  now(): number;
}

/**
 * Makes one. The clock of this machine may be wrong by hours; what ends, ends by the daemon's.
 * @param own the clock of this machine, ms since 1970
 */
export function createDaemonClock(own: () => number): DaemonClock {
  // How far the daemon is ahead lies between the two; every answer narrows it down.
  let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    learn(date, sentAt, receivedAt) {
      const told = date === null ? Number.NaN : Date.parse(date);
      if (Number.isNaN(told) || receivedAt < sentAt) return;
      const [from, to] = [told - receivedAt, told + 1000 - sentAt];
      // One of the clocks was set meanwhile: what was learnt before is of no use.
      const isNew = from > most || to < least;
      [least, most] = isNew ? [from, to] : [Math.max(least, from), Math.min(most, to)];
    },
    now: () => own() + (most === Number.POSITIVE_INFINITY ? 0 : most),
  };
}

/** The clock of the daemon that has served this page. */
export const daemonClock = createDaemonClock(Date.now);
