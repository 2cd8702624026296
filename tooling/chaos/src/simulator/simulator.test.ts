import { FAULTS } from '@waiaas/fake-chain';
import { describe, expect, test } from 'vitest';
import { main } from './main.ts';
import { MUTANTS } from './mutants.ts';
import { type SimulationReport, simulate } from './simulate.ts';

/*
 * A slice of `npm run chaos`: promises 1, 2, 3, 7, 8, 9 and 11 under random agents, owners, operators, faults, crashes and
 * clocks, with recalls and backups in between. What a seed finds is found again by `npm run chaos -- --seeds 1 --from <seed>`, every fourth with `--ask-first`.
 */

/** Seeds that are run at least, and the time after which no further one is begun: what a check of a change may take. */
const IS_FULL = process.env.WAIAAS_CHAOS === 'full';
const SEEDS = IS_FULL ? { least: 300, most: 300, seconds: 0 } : { least: 30, most: 90, seconds: 60 };

const about = ({ seed, violations, events }: SimulationReport): string =>
  [`seed ${seed}: ${violations.join('; ')}`, ...events.slice(-30)].join('\n');

describe('the daemon in a world of faults', () => {
  test('breaks no promise', async () => {
    const until = performance.now() + SEEDS.seconds * 1000;
    const sum = { landed: 0, late: 0, lost: 0, foretold: 0, stops: 0, recalls: 0, restores: 0 };
    const faults = new Set<string>();
    let seed = 1;
    for (; seed <= SEEDS.most && (seed <= SEEDS.least || performance.now() < until); seed += 1) {
      const report = await simulate({ seed, asksFirst: seed % 4 === 0 });
      expect(report.violations, about(report)).toEqual([]);
      for (const name of ['landed', 'late', 'lost', 'foretold', 'stops', 'recalls', 'restores'] as const)
        sum[name] += report[name];
      for (const fault of Object.keys(report.faults)) faults.add(fault);
    }
    // Worth something only if things really went wrong, and money really moved.
    expect([...faults].sort()).toEqual([...FAULTS].sort());
    expect(sum.landed).toBeGreaterThan(seed * 6);
    expect(sum.late).toBeGreaterThan(0);
    // Rare: what a node dropped is sent again while it could still land.
    if (IS_FULL) expect(sum.lost).toBeGreaterThan(0);
    expect(sum.foretold).toBeGreaterThan(seed);
    expect(sum.stops).toBeGreaterThan(seed / 2);
    expect(sum.recalls).toBeGreaterThan(seed / 4);
    expect(sum.restores).toBeGreaterThan(seed / 8);
  }, 1_800_000);

  test('breaks none in a year', async () => {
    const report = await simulate({ seed: 1, steps: 730, hoursBetween: 12 });
    expect(report.violations, about(report)).toEqual([]);
    expect(report.days).toBeGreaterThan(330);
    expect(report.landed).toBeGreaterThan(10);
  }, 120_000);
});

describe('the simulation', () => {
  test('is the same for the same seed, line by line', async () => {
    for (const seed of [7, 8, 9, 10]) {
      const [first, second] = [await simulate({ seed }), await simulate({ seed })];
      expect(second.events).toEqual(first.events);
      expect(second.hash).toBe(first.hash);
    }
    expect((await simulate({ seed: 7 })).hash).not.toBe((await simulate({ seed: 8 })).hash);
  }, 240_000);

  test('tells what it did, and refuses arguments that say nothing', async () => {
    let text = '';
    const out = (more: string): void => {
      text += more;
    };
    expect(await main(['--seeds', '2', '--from', '7', '--steps', '20'], out)).toBe(0);
    expect(text).toContain('Seeds     2 (7 to 8), 40 steps');
    expect(text).toContain('Broken promises: 0');
    for (const args of [
      ['--seeds', '0'],
      ['--kind', 'coins'],
      ['--seeds', 'x'],
      ['--from', '-1'],
      ['--sedes', '3'],
      ['7'],
    ]) {
      expect(await main(args, out)).toBe(2);
    }
  });

  test.each(Object.entries(MUTANTS))(
    'finds out a daemon that %s',
    async (_name, { mutant, found, kind = 'blockhashes', from = 1 }) => {
      for (let seed = from; seed < from + 60; seed += 1) {
        const { violations } = await simulate({ seed, kind, mutant });
        if (violations.some((violation) => found.test(violation))) return;
        expect(violations).toEqual([]);
      }
      throw new Error('It was not found out');
    },
    120_000,
  );
});
