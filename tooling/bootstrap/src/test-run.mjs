import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from './checks.mjs';
import { exitCodeOf, interruptedBy } from './child.mjs';
import { countLine, sum, verdict } from './counts.mjs';
import { readIfPresent } from './fingerprint.mjs';
import { isGone } from './lock.mjs';
import { step } from './steps.mjs';

/**
 * Runs every check, whatever the earlier ones said, and ends with the line `N passed, N failed`. Those that run beside the
 * others are told of when the others have ended. The runners' reports and `summary.json` are in `.reports` afterwards.
 *
 * @param {{
 *   root: string,
 *   node: string,
 *   env: NodeJS.ProcessEnv,
 *   filters: readonly string[],
 *   out: import('./steps.mjs').Output,
 *   colors?: boolean,
 *   checks?: readonly import('./checks.mjs').Check[],
 * }} options `filters` go to vitest
 * @returns {Promise<number>} 0 only if something passed and nothing failed
 */
export async function runTests({ root, node, env, filters, out, colors = false, checks = CHECKS }) {
  const reports = join(root, '.reports');
  // Two runs at once must not count each other's reports.
  const folder = join(reports, `.run-${process.pid}`);
  mkdirSync(reports, { recursive: true });
  for (const name of readdirSync(reports)) if (isLeftover(name)) rmSync(join(reports, name), { recursive: true });
  mkdirSync(folder);
  const run = { root, node, env, filters, folder, colors };
  /** @type {Map<import('./checks.mjs').Check, Promise<Checked>>} */
  const beside = new Map();
  try {
    /** @type {Map<import('./checks.mjs').Check, import('./counts.mjs').Counts>} */
    const counted = new Map();
    // What runs beside the others comes twice: it begins, and at the end it is waited for.
    for (const check of [...checks, ...checks.filter((other) => other.beside)]) {
      if (check.beside && !beside.has(check)) {
        beside.set(check, begin(check, run));
        continue;
      }
      counted.set(check, await tell(check, () => beside.get(check) ?? runCheck(check, run), out));
      const interruption = interruptedBy();
      if (interruption !== undefined) return exitCodeOf({ code: null, signal: interruption });
    }
    const results = checks.map((check) => ({ name: check.name, ...(counted.get(check) ?? verdict(false)) }));
    const total = sum(results);
    writeFileSync(join(folder, 'summary.json'), `${JSON.stringify({ ...total, checks: results }, null, 2)}\n`);
    const width = Math.max(...results.map(({ name }) => name.length));
    out.write(
      `\n${results.map((result) => `  ${result.name.padEnd(width)}  ${countLine(result)}\n`).join('')}  Reports are in .reports.\n\n`,
    );
    out.write(`${countLine(total)}\n`);
    return total.failed === 0 && total.passed > 0 ? 0 : 1;
  } finally {
    // What still runs, because another could not be started or a signal came, writes into the folder.
    await Promise.allSettled(beside.values());
    // A runner that left no report this time must not seem to have left the previous one.
    for (const file of ['summary.json', ...checks.flatMap((check) => check.reports)])
      rmSync(join(reports, file), { force: true });
    for (const file of readdirSync(folder)) renameSync(join(folder, file), join(reports, file));
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Whether a folder belongs to a run that was killed.
 *
 * @param {string} name
 */
function isLeftover(name) {
  const pid = /^\.run-(\d+)$/.exec(name)?.[1];
  return pid !== undefined && (Number(pid) === process.pid || isGone(Number(pid)));
}

/** @typedef {{ counts: import('./counts.mjs').Counts, output: string, tookMs: number }} Checked */

/**
 * @param {import('./checks.mjs').Check} check
 * @param {import('./checks.mjs').Run} run
 * @returns {Promise<Checked>}
 */
async function runCheck(check, run) {
  const start = performance.now();
  const { exitCode, output } = await check.run(run);
  const counts = check.count((file) => readReport(join(run.folder, file)), exitCode);
  return { counts, output, tookMs: performance.now() - start };
}

/**
 * Begins a check that runs beside the others. Its error is that of whoever waits for it in the end.
 *
 * @param {import('./checks.mjs').Check} check
 * @param {import('./checks.mjs').Run} run
 * @returns {Promise<Checked>}
 */
function begin(check, run) {
  const checked = runCheck(check, run);
  checked.catch(() => undefined);
  return checked;
}

/**
 * @param {import('./checks.mjs').Check} check
 * @param {() => Promise<Checked>} work
 * @param {import('./steps.mjs').Output} out
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
async function tell(check, work, out) {
  /** @param {Checked} result */
  const outcome = ({ counts }) =>
    counts.failed > 0 ? 'failed, ' : counts.skipped > counts.passed ? 'skipped, ' : 'passed, ';
  const options = { quietMs: 0, verdict: outcome, tookMs: (/** @type {Checked} */ result) => result.tookMs };
  const { counts, output } = check.live ? await work() : await step(out, check.name, work, options);
  const telling = counts.failed > 0 || counts.skipped > counts.passed;
  if (telling && output !== '' && interruptedBy() === undefined) out.write(`${output.trimEnd()}\n\n`);
  return counts;
}

/**
 * @param {string} file
 * @returns {unknown} undefined when the runner left no report, or half a one
 */
function readReport(file) {
  const text = readIfPresent(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
