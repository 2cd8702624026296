import {
  type AnyDetails,
  type DetailsOf,
  type ErrorCode,
  errorEntry,
  type ValidationIssue,
} from './error-catalogue.ts';

/** What may be said about one occurrence of an error, beyond its code. */
export interface WaiaasErrorOptions<Code extends ErrorCode> {
  /** Replaces the catalogue's message where this occurrence can be told more exactly. */
  readonly message?: string;
  readonly details?: DetailsOf<Code>;
  /** Only where 06 §4.1 gives the code a second status. */
  readonly status?: number;
  readonly retryable?: boolean;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Wire form of an error: flat (00 §3). */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details?: AnyDetails;
  readonly requestId: string;
  readonly retryable: boolean;
  readonly hint?: string;
}

/**
 * An error of the catalogue. Everything that may reach a user is one of these.
 * @example throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId } });
 */
export class WaiaasError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'WaiaasError';
  readonly code: Code;
  readonly status: number;
  readonly retryable: boolean;
  readonly details: AnyDetails | undefined;
  readonly hint: string | undefined;

  constructor(code: Code, options: WaiaasErrorOptions<Code> = {}) {
    const known = errorEntry(code);
    super(options.message ?? known.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? known.status;
    this.retryable = options.retryable ?? known.retryable;
    this.details = options.details;
    this.hint = options.hint ?? known.hint;
  }

  /** The error as it is sent to a client. */
  toBody(requestId: string): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
      requestId,
      retryable: this.retryable,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** A VALIDATION_ERROR with its findings. */
export const validationError = (issues: readonly ValidationIssue[]): WaiaasError<'VALIDATION_ERROR'> =>
  new WaiaasError('VALIDATION_ERROR', { details: { issues } });

/** Whether something thrown is an error of the catalogue, of any or of one code. */
export const isWaiaasError = (error: unknown, code?: ErrorCode): error is WaiaasError =>
  error instanceof WaiaasError && (code === undefined || error.code === code);
