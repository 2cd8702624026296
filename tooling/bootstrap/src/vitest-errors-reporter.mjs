import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file this reporter writes, beside vitest's JSON report. */
export const ERRORS_FILE = 'vitest-errors.json';

/** A vitest reporter that counts errors outside any test, which the JSON reporter leaves out. */
export default class ErrorsReporter {
  /** @type {string | undefined} */
  #folder;

  /** @param {{ config: { outputFile?: string | Record<string, string> } }} vitest */
  onInit({ config: { outputFile } }) {
    if (typeof outputFile === 'object' && outputFile.json !== undefined) this.#folder = dirname(outputFile.json);
  }

  /**
   * @param {readonly unknown[]} _modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(_modules, unhandledErrors) {
    if (this.#folder === undefined) return;
    writeFileSync(join(this.#folder, ERRORS_FILE), JSON.stringify({ unhandledErrors: unhandledErrors.length }));
  }
}
