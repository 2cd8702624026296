import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from './checks.mjs';
import { exitCodeOf, interruptedBy } from './child.mjs';
import { countLine, sum } from './counts.mjs';
import { readIfPresent } from './fingerprint.mjs';
import { isGone } from './lock.mjs';
import { step } from './steps.mjs';

/**
 * Runs every check, whatever the earlier ones said, and ends with the line `N passed, N failed`. The runners' reports
 * and `summary.json` are in `.reports` afterwards.
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
  try {
    const results = [];
    for (const check of checks) {
      const counts = await runCheck(check, { root, node, env, filters, folder, colors }, out);
      const interruption = interruptedBy();
      if (interruption !== undefined) return exitCodeOf({ code: null, signal: interruption });
      results.push({ name: check.name, ...counts });
    }
    const total = sum(results);
    writeFileSync(join(folder, 'summary.json'), `${JSON.stringify({ ...total, checks: results }, null, 2)}\n`);
    const width = Math.max(...results.map(({ name }) => name.length));
    out.write(
      `\n${results.map((result) => `  ${result.name.padEnd(width)}  ${countLine(result)}\n`).join('')}  Reports are in .reports.\n\n`,
    );
    out.write(`${countLine(total)}\n`);
    return total.failed === 0 && total.passed > 0 ? 0 : 1;
  } finally {
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

/**
 * @param {import('./checks.mjs').Check} check
 * @param {import('./checks.mjs').Run} run
 * @param {import('./steps.mjs').Output} out
 * @returns {Promise<import('./counts.mjs').Counts>}
 */
async function runCheck(check, run, out) {
  const work = async () => {
    const { exitCode, output } = await check.run(run);
    const counts = check.count((file) => readReport(join(run.folder, file)), exitCode);
    return { counts, output };
  };
  /** @param {{ counts: import('./counts.mjs').Counts }} result */
  const verdict = ({ counts }) =>
    counts.failed > 0 ? 'failed, ' : counts.skipped > counts.passed ? 'skipped, ' : 'passed, ';
  const { counts, output } = check.live ? await work() : await step(out, check.name, work, { quietMs: 0, verdict });
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
