import { EXIT } from '../exit-codes.ts';
import { CliError } from './cli-error.ts';

/** A command line that cannot be meant: exit code 1, and nothing has been sent. */
export const usageError = (message: string, hint?: string): CliError =>
  new CliError({ code: 'USAGE', message, hint, exitCode: EXIT.FAILURE });
