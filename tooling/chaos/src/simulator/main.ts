import { parseArgs } from 'node:util';
import { LEDGER_KINDS, type LedgerKind } from './ledger-kind.ts';
import { type SimulationReport, simulate } from './simulate.ts';

const USAGE = `Usage: npm run chaos -- [--seeds N] [--from S] [--steps K] [--year] [--kind K] [--ask-first] [--events]

  --seeds N   how many seeds to run (default 100)
  --from S    the first of them (default 1)
  --steps K   steps of each (default 120; 730 with --year)
  --year      half a day between two steps: a year by the daemon's clock
  --kind K    the ledger of all seeds, blockhashes or nonces (default: each seed has its own)
  --ask-first a dry run before every payment, to compare the two
  --events    print everything that happens
`;

interface Plan {
  readonly seeds: number;
  readonly from: number;
  readonly steps: number;
  readonly year: boolean;
  readonly kind: LedgerKind | undefined;
  readonly askFirst: boolean;
  readonly events: boolean;
}

function planOf(args: readonly string[]): Plan | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '100' },
        from: { type: 'string', default: '1' },
        steps: { type: 'string' },
        year: { type: 'boolean', default: false },
        'ask-first': { type: 'boolean', default: false },
        kind: { type: 'string' },
        events: { type: 'boolean', default: false },
      },
    });
    const { year, events, 'ask-first': askFirst } = values;
    const [seeds, from, steps] = [values.seeds, values.from, values.steps ?? (year ? '730' : '120')].map((text) =>
      /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN,
    );
    if (seeds === undefined || from === undefined || steps === undefined) return null;
    const kind = LEDGER_KINDS.find((known) => known === values.kind);
    if (kind !== values.kind) return null;
    return Number.isNaN(seeds + from + steps) || seeds < 1 || steps < 1
      ? null
      : { seeds, from, steps, year, kind, askFirst, events };
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

const commandOf = ({ year, steps, kind, askFirst }: Plan, seed: number): string =>
  `npm run chaos -- --seeds 1 --from ${seed} --steps ${steps}${year ? ' --year' : ''}${kind === undefined ? '' : ` --kind ${kind}`}${askFirst ? ' --ask-first' : ''} --events`;

/** What is told of a seed that found something. */
const finding = (plan: Plan, { seed, violations, events, hash }: SimulationReport): string =>
  [
    `\nSeed ${seed} breaks a promise:`,
    ...violations.map((violation) => `  ${violation}`),
    'What came before:',
    ...events.slice(-30).map((event) => `  ${event}`),
    `Events: ${hash}`,
    `Once more: ${commandOf(plan, seed)}\n\n`,
  ].join('\n');

/**
 * `npm run chaos`: runs seed after seed; ends with the first that breaks a promise.
 * @returns the exit code: 0, 1 when a promise was broken, 2 for arguments that say nothing
 */
export async function main(args: readonly string[], out: (text: string) => void): Promise<number> {
  const plan = planOf(args);
  if (plan === null) {
    out(USAGE);
    return 2;
  }
  const faults = new Map<string, number>();
  const sum = {
    seeds: 0,
    steps: 0,
    payments: 0,
    landed: 0,
    foretold: 0,
    late: 0,
    lost: 0,
    crashes: 0,
    restarts: 0,
    stops: 0,
    restores: 0,
    recalls: 0,
    replaced: 0,
    days: 0,
  };
  let broken = false;
  for (let seed = plan.from; seed < plan.from + plan.seeds && !broken; seed += 1) {
    const report = await simulate({
      seed,
      ...(plan.kind === undefined ? {} : { kind: plan.kind }),
      steps: plan.steps,
      hoursBetween: plan.year ? 12 : 0,
      asksFirst: plan.askFirst,
    });
    sum.seeds += 1;
    for (const name of [
      'steps',
      'payments',
      'landed',
      'foretold',
      'late',
      'lost',
      'crashes',
      'restarts',
      'stops',
      'restores',
      'recalls',
      'replaced',
      'days',
    ] as const)
      sum[name] += report[name];
    for (const [fault, count] of Object.entries(report.faults)) faults.set(fault, (faults.get(fault) ?? 0) + count);
    if (plan.events) out(`${report.events.join('\n')}\nEvents: ${report.hash}\n`);
    broken = report.violations.length > 0;
    if (broken) out(finding(plan, report));
    else if (sum.seeds % 50 === 0) out(`${sum.seeds} seeds, ${sum.payments} payments, nothing found\n`);
  }
  const kinds = [...faults].sort().map(([fault, count]) => `${count} ${fault}`);
  out(
    [
      `Seeds     ${sum.seeds} (${plan.from} to ${plan.from + sum.seeds - 1}), ${sum.steps} steps, ${Math.round(sum.days)} days`,
      `Payments  ${sum.payments} asked for, ${sum.landed} paid; ${sum.late} landed late, ${sum.lost} were lost by a node, ${sum.replaced} were signed again`,
      `Dry runs  ${sum.foretold} compared with what was decided then`,
      `Daemon    ${sum.crashes} crashes, ${sum.restarts} restarts, stopped ${sum.stops} times, ${sum.restores} backups put back; ${sum.recalls} recalls`,
      `Faults    ${kinds.length === 0 ? 'none' : kinds.join(', ')}`,
      `Broken promises: ${broken ? 1 : 0}`,
      '',
    ].join('\n'),
  );
  return broken ? 1 : 0;
}
