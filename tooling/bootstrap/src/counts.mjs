/** @typedef {{ passed: number, failed: number, skipped: number }} Counts What a check found. */

/**
 * @param {readonly Counts[]} all
 * @returns {Counts}
 */
export function sum(all) {
  return all.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/**
 * The line that ends a test run.
 *
 * @param {Counts} counts
 * @returns {string} `12 passed, 0 failed`, with `, 1 skipped` only when something was skipped
 */
export function countLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * A check that either holds or does not. It holds only if its program ended well and its report agrees.
 *
 * @param {boolean} holds
 * @returns {Counts}
 */
export function verdict(holds) {
  return { passed: holds ? 1 : 0, failed: holds ? 0 : 1, skipped: 0 };
}
