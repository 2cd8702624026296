import { BackupError } from '../backup/backup-error.ts';
import { ConfigError } from '../config/index.ts';
import { StartFailure } from '../daemon-options.ts';
import { DataDirError } from '../data-dir/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { InitError } from '../init/index.ts';
import { InterruptedError, PasswordError } from '../password/index.ts';
import { isSystemError } from '../system-error.ts';

/** What a command that failed tells, to people as text and to programs as JSON. */
export interface Failure {
  /** Stable word: a code of the API, or one of the command's own. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly details?: unknown;
  readonly exitCode: ExitCode;
}

/** A command cannot do what it was asked to. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What is told about anything thrown. An error nobody expected keeps its message, never its stack. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return error.failure;
  if (error instanceof StartFailure) {
    return { code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode };
  }
  if (error instanceof BackupError) {
    const { code, message, hint, exitCode } = error;
    return { code, message, hint, exitCode };
  }
  if (error instanceof InitError) return { code: error.code, message: error.message, exitCode: error.exitCode };
  if (error instanceof InterruptedError) {
    return { code: 'INTERRUPTED', message: error.message, exitCode: EXIT.INTERRUPTED };
  }
  const exitCode = EXIT.FAILURE;
  if (error instanceof ConfigError) {
    return { code: 'CONFIG_INVALID', message: error.message, details: { issues: error.issues }, exitCode };
  }
  if (error instanceof DataDirError) return { code: 'DATA_DIR_UNUSABLE', message: error.message, exitCode };
  if (error instanceof PasswordError) return { code: 'PASSWORD_UNAVAILABLE', message: error.message, exitCode };
  if (isSystemError(error)) {
    return {
      code: 'SYSTEM_ERROR',
      message: error.message,
      hint: 'Check that the data directory exists, belongs to you, and has free space.',
      exitCode,
    };
  }
  return { code: 'INTERNAL_ERROR', message: error instanceof Error ? error.message : String(error), exitCode };
}
