import type { ExitCode } from '../exit-codes.ts';

/** A data directory was not initialised. The message says why and what to do. */
export class InitError extends Error {
  override readonly name = 'InitError';
  /** Stable word for programs. */
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, exitCode: ExitCode, message: string) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
  }
}
