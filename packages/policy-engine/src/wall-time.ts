/** What the clock on the wall of a place shows. */
export interface WallTime {
  /** 0 is Sunday. */
  readonly day: number;
  /** 0–23. */
  readonly hour: number;
}

const WEEKDAYS: readonly string[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** Latest moment a Date can hold, seconds. */
const LATEST = 8_640_000_000_000;
/** Making a formatter takes a hundred times as long as using it. There are about 600 zones, and few are in use. */
const MOST_FORMATTERS = 1000;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timezone: string): Intl.DateTimeFormat {
  const known = formatters.get(timezone);
  if (known !== undefined) return known;
  // h23, because hour12: false writes midnight as 24 (04 §11).
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  if (formatters.size >= MOST_FORMATTERS) formatters.clear();
  formatters.set(timezone, made);
  return made;
}

/**
 * Day and hour in a time zone at a moment, daylight saving and all; null for a moment no calendar reaches.
 *
 * @param now Unix seconds
 * @throws RangeError when the time zone is unknown; rules with such a one are refused when they are read.
 * @example wallTime('Europe/Berlin', 1_767_225_600) // { day: 4, hour: 1 }
 */
export function wallTime(timezone: string, now: number): WallTime | null {
  if (now > LATEST) return null;
  let day = -1;
  let hour = -1;
  for (const { type, value } of formatterOf(timezone).formatToParts(now * 1000)) {
    if (type === 'weekday') day = WEEKDAYS.indexOf(value);
    else if (type === 'hour') hour = Number(value);
  }
  return day >= 0 && hour >= 0 && hour <= 23 ? { day, hour } : null;
}
