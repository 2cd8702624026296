/** Exit codes of the `waiaas` command (01 §5). */
export const EXIT = {
  SUCCESS: 0,
  /** Anything without a code of its own: configuration, usage, input/output, an error the daemon answered with. */
  FAILURE: 1,
  /** Another daemon has this data directory. */
  ALREADY_RUNNING: 2,
  /** There is no initialised data directory, or no daemon running on it. */
  NOT_RUNNING: 3,
  /** The master password is wrong or locked. */
  AUTHENTICATION: 4,
  /** The daemon did not stop in time and was killed. */
  STOP_TIMEOUT: 5,
  /** Ctrl-C at a prompt or during the start. */
  INTERRUPTED: 130,
} as const;

/** An exit code of the `waiaas` command. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
const EXIT_CODES: readonly number[] = Object.values(EXIT);

/** Whether a number is one of our exit codes. */
export const isExitCode = (code: unknown): code is ExitCode => typeof code === 'number' && EXIT_CODES.includes(code);
