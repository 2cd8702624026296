import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodeOf, runChild } from './child.mjs';
import { runChromium } from './chromium.mjs';
import { runPython } from './python.mjs';
import { countChromium, countLayers, countLint, countPython, countTypecheck, countVitest } from './reports.mjs';
import { capture } from './steps.mjs';
import { ERRORS_FILE } from './vitest-errors-reporter.mjs';

/** How often to look whether vitest has reported, and how long it may then take to end. */
const WATCH_MS = 1_000;
const EXIT_MS = 30_000;

/**
 * What every check gets. `folder` is where this run's reports go.
 *
 * @typedef {{
 *   root: string,
 *   node: string,
 *   env: NodeJS.ProcessEnv,
 *   folder: string,
 *   filters: readonly string[],
 *   colors: boolean,
 * }} Run
 */

/**
 * What every check gives back: the exit code of its program, and text to show when it failed.
 *
 * @typedef {{ exitCode: number, output: string }} Ran
 */

/**
 * @typedef {{
 *   name: string,
 *   reports: readonly string[],
 *   live: boolean,
 *   beside?: boolean,
 *   run: (run: Run) => Promise<Ran>,
 *   count: (read: (file: string) => unknown, exitCode: number) => import('./counts.mjs').Counts,
 * }} Check `reports` are the files it may leave; `live` checks print their own progress;
 *   those that run `beside` the ones after them print nothing
 */

/**
 * The checks of `npm test`, in order; cheap ones first.
 *
 * @type {readonly Check[]}
 */
export const CHECKS = [
  {
    name: 'lint',
    reports: ['lint.json'],
    live: false,
    run: async (run) => {
      const biome = [join(run.root, 'node_modules/@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'];
      const report = ['--reporter=json', `--reporter-file=${join(run.folder, 'lint.json')}`];
      const { exitCode } = await captured(run, [...biome, ...report]);
      // The report is for machines; a person gets the usual text.
      return exitCode === 0 ? { exitCode, output: '' } : { ...(await captured(run, biome)), exitCode };
    },
    count: (read, exitCode) => countLint(read('lint.json'), exitCode),
  },
  {
    name: 'typecheck',
    reports: ['typecheck.json'],
    live: false,
    run: async (run) => {
      const turbo = join(run.root, 'node_modules/turbo/bin/turbo');
      const flags = ['--output-logs=errors-only', '--continue', '--summarize'];
      const ran = await captured(run, [turbo, 'run', 'typecheck', ...flags]);
      const summary = /^\s*Summary:\s+(.+\.json)\s*$/m.exec(ran.output)?.[1];
      if (summary !== undefined) renameSync(summary, join(run.folder, 'typecheck.json'));
      return ran;
    },
    count: (read, exitCode) => countTypecheck(read('typecheck.json'), exitCode),
  },
  {
    name: 'layers',
    reports: ['layers.json'],
    live: false,
    run: (run) => captured(run, [join(run.root, 'tooling/layers/bin/layers.mjs'), join(run.folder, 'layers.json')]),
    count: (read, exitCode) => countLayers(read('layers.json'), exitCode),
  },
  {
    name: 'python',
    reports: ['python.json'],
    live: false,
    // It takes minutes on one core.
    beside: true,
    run: runPython,
    count: (read, exitCode) => countPython(read('python.json'), exitCode),
  },
  {
    name: 'chromium',
    reports: ['chromium.json'],
    live: false,
    run: runChromium,
    count: (read, exitCode) => countChromium(read('chromium.json'), exitCode),
  },
  {
    name: 'vitest',
    reports: ['vitest.json', ERRORS_FILE],
    live: true,
    run: runVitest,
    count: (read, exitCode) => countVitest(read('vitest.json'), read(ERRORS_FILE), exitCode),
  },
];

/**
 * Runs vitest; ends it when it has reported but does not exit, as happens when a test leaves a process behind. It then
 * counts as failed.
 *
 * @param {Run} run
 * @returns {Promise<Ran>}
 */
async function runVitest(run) {
  const abort = new AbortController();
  let reportedFor = 0;
  const watch = setInterval(() => {
    if (existsSync(join(run.folder, ERRORS_FILE))) reportedFor += WATCH_MS;
    if (reportedFor > EXIT_MS) abort.abort();
  }, WATCH_MS);
  try {
    const outcome = await runChild(run.node, vitestArguments(run), {
      cwd: run.root,
      env: run.env,
      stdin: 'ignore',
      killAfterGrace: true,
      abort: abort.signal,
    });
    if (!abort.signal.aborted) return { exitCode: exitCodeOf(outcome), output: '' };
    const seconds = EXIT_MS / 1000;
    return {
      exitCode: 1,
      output: `vitest did not end within ${seconds} s of its report: a test left something running.`,
    };
  } finally {
    clearInterval(watch);
  }
}

/** @param {Run} run */
function vitestArguments({ root, folder, filters, colors }) {
  return [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--reporter=${join(root, 'tooling/bootstrap/src/vitest-errors-reporter.mjs')}`,
    `--outputFile.json=${join(folder, 'vitest.json')}`,
    ...(colors ? [] : ['--no-color']),
    ...filters,
  ];
}

/**
 * @param {Run} run
 * @param {readonly string[]} args
 * @returns {Promise<Ran>}
 */
async function captured(run, args) {
  const { outcome, output } = await capture(run.node, args, { cwd: run.root, env: run.env });
  return { exitCode: exitCodeOf(outcome), output };
}
