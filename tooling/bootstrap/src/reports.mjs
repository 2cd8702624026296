import { sum, verdict } from './counts.mjs';

/**
 * Each function turns what one runner wrote, and its exit code, into counts. `report` is the parsed JSON file, undefined
 * when the runner left none. A report that does not have the expected shape never counts as passed.
 *
 * @typedef {import('./counts.mjs').Counts} Counts
 */

/**
 * `biome check --reporter=json`. Warnings count as errors; a run that looked at no file proves nothing.
 *
 * @param {unknown} report
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countLint(report, exitCode) {
  const summary = field(report, 'summary');
  const files = number(summary, 'changed') + number(summary, 'unchanged');
  return verdict(exitCode === 0 && files > 0 && number(summary, 'errors') + number(summary, 'warnings') === 0);
}

/**
 * `turbo run typecheck --summarize`.
 *
 * @param {unknown} report
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countTypecheck(report, exitCode) {
  const execution = field(report, 'execution');
  return verdict(exitCode === 0 && number(execution, 'attempted') > 0 && number(execution, 'failed') === 0);
}

/**
 * The report of the layer check.
 *
 * @param {unknown} report
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countLayers(report, exitCode) {
  const violations = field(report, 'violations');
  const clean = Array.isArray(violations) && violations.length === 0;
  return verdict(exitCode === 0 && clean && number(report, 'files') > 0);
}

/**
 * Whether there is a browser for the tests that need one. Without one they are skipped, which is told as such.
 *
 * @param {unknown} report
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countChromium(report, exitCode) {
  if (exitCode === 0 && field(report, 'notAsked') === true) return { passed: 0, failed: 0, skipped: 0 };
  if (exitCode === 0 && typeof field(report, 'reason') === 'string') return { passed: 0, failed: 0, skipped: 1 };
  return verdict(exitCode === 0 && typeof field(report, 'name') === 'string');
}

/**
 * The report on the Python SDK: its type check counts as one, its tests as many as they are. Without a Python, or an index
 * to install from, they count as one that was skipped; with arguments, which are vitest's, as none.
 *
 * @param {unknown} report
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countPython(report, exitCode) {
  if (exitCode === 0 && field(report, 'notAsked') === true) return { passed: 0, failed: 0, skipped: 0 };
  if (exitCode === 0 && typeof field(report, 'reason') === 'string') return { passed: 0, failed: 0, skipped: 1 };
  const tests = field(report, 'pytest');
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map((name) => number(tests, name));
  const typed = verdict(field(report, 'typed') === 0);
  if (!(Number(passed) > 0) || !(Number(failed) >= 0)) return sum([typed, { passed: 0, failed: 1, skipped: 0 }]);
  const tested = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) || 0 };
  const counts = sum([typed, tested]);
  return counts.failed === 0 && exitCode !== 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * vitest's JSON report, with the number of errors outside any test, which that report leaves out.
 *
 * A file that failed although none of its tests did (it could not be loaded, a hook threw, its process died) counts as
 * one failure. A runner that ended badly can never end up with zero failures.
 *
 * @param {unknown} report
 * @param {unknown} errors what the reporter of this folder wrote: `{ unhandledErrors }`
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countVitest(report, errors, exitCode) {
  const passed = number(report, 'numPassedTests');
  if (Number.isNaN(passed)) return { passed: 0, failed: 1, skipped: 0 };
  const files = field(report, 'testResults');
  const broken = Array.isArray(files) ? files.filter(failedOutsideItsTests).length : 0;
  const unhandled = number(errors, 'unhandledErrors');
  const failed = number(report, 'numFailedTests') + broken + (Number.isNaN(unhandled) ? 0 : unhandled);
  const endedBadly = exitCode !== 0 || field(report, 'success') !== true;
  return {
    passed,
    failed: failed === 0 && endedBadly ? 1 : failed,
    skipped: number(report, 'numPendingTests') + number(report, 'numTodoTests'),
  };
}

/** @param {unknown} file */
function failedOutsideItsTests(file) {
  const tests = field(file, 'assertionResults');
  const anyFailed = Array.isArray(tests) && tests.some((test) => field(test, 'status') === 'failed');
  return field(file, 'status') === 'failed' && !anyFailed;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown}
 */
function field(value, name) {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number} NaN when absent, which no comparison accepts
 */
function number(value, name) {
  const found = field(value, name);
  return typeof found === 'number' ? found : Number.NaN;
}
