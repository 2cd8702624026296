/**
 * A failure of the set-up that the person at the terminal can act on.
 *
 * `message` says what went wrong, `hint` what to do next, `log` the lines of the program that failed.
 */
export class BootstrapError extends Error {
  /**
   * @param {string} message
   * @param {{ hint?: string | undefined, log?: string, exitCode?: number }} [details]
   */
  constructor(message, details = {}) {
    super(message);
    this.name = 'BootstrapError';
    this.hint = details.hint;
    this.log = details.log;
    this.exitCode = details.exitCode ?? 1;
  }
}
