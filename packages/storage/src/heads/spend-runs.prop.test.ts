import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BEYOND_WINDOWS, extendRuns, provenTotal, type SpendRun } from './spend-runs.ts';

interface Row {
  readonly run: string;
  readonly cumulative: bigint;
  readonly at: number;
}

/** The ledger of an asset: its rows, and what its head says. */
interface Ledger {
  readonly rows: readonly Row[];
  readonly end: { readonly cumulative: bigint; readonly runs: readonly SpendRun[] } | undefined;
}

const EMPTY: Ledger = { rows: [], end: undefined };

function append({ rows, end }: Ledger, run: string, amount: bigint, at: number): Ledger {
  const cumulative = (end?.cumulative ?? 0n) + amount;
  return { rows: [...rows, { run, cumulative, at }], end: { cumulative, runs: extendRuns(end, run, at) } };
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('pay' as const), amount: fc.bigInt(0n, 9n), pause: fc.nat(40_000) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('start' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('back up' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('put back' as const) }) },
);

/** Longest window there is, seconds. */
const WEEK = 7 * 86_400;

test('whatever rows of abandoned branches are among them, no window has less in it than was spent', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let ledger = EMPTY;
      let backup = EMPTY;
      let runs = 0;
      let at = 1_800_000_000;
      const ever: Row[] = [];
      for (const each of steps) {
        if (each.what === 'back up') backup = ledger;
        // What is put back is opened by another run, and so is everything after it.
        if (each.what === 'put back') ledger = backup;
        if (each.what === 'put back' || each.what === 'start') runs += 1;
        if (each.what !== 'pay') continue;
        at += each.pause;
        ledger = append(ledger, `run ${runs}`, each.amount, at);
        ever.push(...ledger.rows.slice(-1));
        const { rows, end } = ledger;
        if (end === undefined) throw new Error('Something was paid');
        for (const row of ever) {
          const since = row.at;
          if (since <= at - WEEK) continue;
          const spent = end.cumulative - (rows.findLast((one) => one.at <= since)?.cumulative ?? 0n);
          const proven = provenTotal(row, end);
          if (rows.includes(row) && rows.findLast((one) => one.at <= since) === row) {
            expect(proven === null ? null : end.cumulative - proven).toBe(spent);
          } else if (proven !== null) expect(end.cumulative - proven).toBeGreaterThanOrEqual(spent);
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('however often a daemon starts, its head stays small, and no window has less in it than was spent', () => {
  let ledger = EMPTY;
  const start = 1_800_000_000;
  for (let run = 0; run < 500; run++) ledger = append(ledger, `run ${run}`, 1n, start + run);
  const { rows, end } = ledger;
  if (end === undefined) throw new Error('Something was paid');
  expect(end.runs).toHaveLength(32);
  for (const row of rows) expect(provenTotal(row, end)).toBe(row.cumulative > 469n ? row.cumulative : 0n);
  // Once they have left every window, nothing is told of them any more.
  const later = append(ledger, 'later', 1n, start + 500 + BEYOND_WINDOWS);
  expect(later.end?.runs).toEqual([{ run: 'later', from: 500n, until: start + 500 + BEYOND_WINDOWS }]);
});
