/**
 * What one run of the daemon has appended to the ledger of an asset. Rows are genuine by their seal, but so are those that
 * were appended after a backup was made and are gone since it was put back: those rows are of another run than what the head
 * has at their place, or beyond the end of the run that was cut off.
 */
export interface SpendRun {
  /** Which run it was; null where several are remembered as one. */
  readonly run: string | null;
  /** Running total before its first row, base units. */
  readonly from: bigint;
  /** When its last row settled, Unix seconds. */
  readonly until: number;
}

/** The end of the ledger of an asset, as far as its runs go. */
interface RunsEnd {
  /** Running total, base units. */
  readonly cumulative: bigint;
  /** Oldest first, each up to where the next one begins. Nothing is told of rows before the first. */
  readonly runs: readonly SpendRun[];
}

/** Longer than any window, seconds. */
export const BEYOND_WINDOWS = 8 * 86_400;
/** Runs of an asset that are told apart; older ones become one, for a daemon that starts again and again. */
const REMEMBERED_RUNS = 32;

/**
 * Under which name a run appends the next row of an asset: its own, as long as the head says what came before. Where it does
 * not, because nothing was paid for long or nothing is known, the end was read from the file, which may lack rows that this
 * very run has appended: the name is another one from then on, so that those rows are no part of what follows.
 *
 * @param known the end before that row, by the head
 * @param run names the run
 * @param txId of the payment; no other row has it
 */
export function nameOfRun(known: RunsEnd | undefined, run: string, txId: string): string {
  if (known === undefined) return `${run}.${txId}`;
  const newest = known.runs.at(-1)?.run ?? null;
  return newest?.startsWith(`${run}.`) === true ? newest : run;
}

/**
 * The runs of an asset with one more row. Those whose rows have left every window are forgotten: whatever such a row says, it
 * leaves more spent in a window than there was.
 *
 * @param last the end before that row; undefined when it is the first
 */
export function extendRuns(last: RunsEnd | undefined, run: string, settledAt: number): readonly SpendRun[] {
  const runs = last?.runs ?? [];
  const newest = runs.at(-1);
  const isSame = newest !== undefined && newest.run === run;
  const from = isSame ? newest.from : (last?.cumulative ?? 0n);
  const [oldest, second, ...others] = (isSame ? runs.slice(0, -1) : runs).filter(
    ({ until }) => until >= settledAt - BEYOND_WINDOWS,
  );
  const current = { run, from, until: settledAt };
  if (oldest === undefined) return [current];
  if (second === undefined) return [oldest, current];
  if (others.length + 2 < REMEMBERED_RUNS) return [oldest, second, ...others, current];
  return [{ run: null, from: oldest.from, until: second.until }, ...others, current];
}

/**
 * The running total that a genuine row proves for its moment: its own, or less where its run is remembered only with others.
 * Null for a row that is no part of what ends as the head says.
 */
export function provenTotal(
  row: { readonly run: string; readonly cumulative: bigint },
  { runs, cumulative: end }: RunsEnd,
): bigint | null {
  const total = row.cumulative;
  if (total <= (runs[0]?.from ?? end)) return total;
  for (const [index, { run, from }] of runs.entries()) {
    const to = runs[index + 1]?.from ?? end;
    if (total > to || total < from) continue;
    if (run === row.run) return total;
    // Nobody can tell any more whether it is one of these; they all came after this total.
    if (run === null && total > from) return from;
  }
  return null;
}
