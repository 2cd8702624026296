/** Source of time. Everything that needs the time is given one, so that tests drive it (00 §2). */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** The machine's clock. The only place in the packages that reads it. */
export const systemClock: Clock = { now: () => Date.now() };

/** Whole seconds since the Unix epoch: the unit of every time column (01 §2.2). */
export const unixSeconds = (clock: Clock): number => Math.floor(clock.now() / 1000);

/** The whole second, since the Unix epoch, in which a moment is surely over: for what must not come or go too early. */
export const secondsUp = (epochMs: number): number => Math.ceil(epochMs / 1000);

/** ISO 8601 in UTC with milliseconds: the form of every time on the wire (06 §2). */
export const isoTime = (epochMs: number): string => new Date(epochMs).toISOString();

/** ISO 8601 of a time column in seconds. */
export const isoFromSeconds = (seconds: number): string => isoTime(seconds * 1000);
