import type { ExitCode } from '../exit-codes.ts';

/** A backup was not made, or not put back. The message says why, the hint what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  /** Stable word for programs. */
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { exitCode?: ExitCode; hint?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
    this.hint = options.hint;
  }
}
