/** Payments of one second; in a long list, of several, as of the last of them. */
export interface Admissions {
  /** When they were created, Unix seconds. */
  readonly at: number;
  readonly count: number;
}

/** The longest window of a rate limit, seconds, and an hour more. */
export const REMEMBERED = 90_000;
/** Entries a head holds at most. Beyond that those of the older half are joined in pairs, and count for a little longer. */
const ENTRIES = 512;

/** Oldest first; those that no window reaches any more are forgotten. */
export function withAdmission(before: readonly Admissions[], at: number): readonly Admissions[] {
  const last = before.at(-1);
  const recent = before.filter((entry) => entry.at > at - REMEMBERED && (entry.count > 0 || entry === last));
  // Time does not go back; were it to, the payment would count as of the latest there has been.
  if (last !== undefined && last.at >= at) return [...recent.slice(0, -1), { at: last.at, count: last.count + 1 }];
  return shortened([...recent, { at, count: 1 }]);
}

function shortened(entries: readonly Admissions[]): readonly Admissions[] {
  if (entries.length <= ENTRIES) return entries;
  const joined: Admissions[] = [];
  for (let index = 0; index < ENTRIES / 2; index += 2) {
    const pair = entries.slice(index, index + 2);
    joined.push({ at: pair.at(-1)?.at ?? 0, count: pair.reduce((sum, { count }) => sum + count, 0) });
  }
  return [...joined, ...entries.slice(ENTRIES / 2)];
}

/**
 * Without one that was created at a time and does not count any more. The last entry stays, with nothing in it if need be: it
 * tells what has been forgotten, and of that nothing is taken off another one.
 */
export function withoutAdmission(before: readonly Admissions[], at: number): readonly Admissions[] {
  if (at <= (before.at(-1)?.at ?? 0) - REMEMBERED) return before;
  const index = before.findIndex((entry) => entry.at >= at && entry.count > 0);
  return before.flatMap((entry, place) => {
    if (place !== index) return [entry];
    const isKept = entry.count > 1 || place === before.length - 1;
    return isKept ? [{ at: entry.at, count: entry.count - 1 }] : [];
  });
}

/** How many there were after a moment (exclusive). */
export const countAdmissions = (entries: readonly Admissions[], since: number): number =>
  entries.reduce((sum, { at, count }) => (at > since ? sum + count : sum), 0);
