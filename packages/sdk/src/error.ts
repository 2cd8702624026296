import type { ErrorCode } from '@waiaas/core';

/** Codes that only this client gives; the daemon never sends them (06 §4.2). */
export type ClientErrorCode =
  | 'AUTH_TOKEN_MISSING'
  | 'INVALID_TOKEN_FORMAT'
  | 'INVALID_ARGUMENT'
  | 'SIGNER_ERROR'
  | 'MESSAGE_REFUSED'
  | 'NOT_A_PAYMENT'
  | 'PAYMENT_ENDED'
  | 'METHOD_NOT_SUPPORTED'
  | 'OTHER_CHAIN'
  | 'NETWORK_ERROR'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'UNKNOWN_ERROR';

/** Any code; open at the end, so that a newer daemon's codes are no type error. */
export type WAIaaSErrorCode = ErrorCode | ClientErrorCode | (string & Record<never, never>);

/** What an error says. */
export interface WAIaaSErrorFields {
  readonly code: WAIaaSErrorCode;
  readonly message: string;
  /** HTTP status of the answer; 0 when there was none. */
  readonly statusCode: number;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Finds the request in the daemon's log. */
  readonly requestId?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Key of the payment that failed. Repeat the payment with it: with another key it may be paid twice. */
  readonly idempotencyKey?: string | undefined;
  /** What a wallet or a callback threw. Not part of `toJSON`. */
  readonly cause?: unknown;
}

/**
 * Everything that this client throws (06 §5.5). Never holds the session token or any header.
 * @example
 * try {
 *   await client.sendToken(request);
 * } catch (error) {
 *   if (error instanceof WAIaaSError && error.code === 'SPENDING_LIMIT_EXCEEDED') console.log(error.details);
 * }
 */
export class WAIaaSError extends Error implements WAIaaSErrorFields {
  override readonly name = 'WAIaaSError';
  readonly code: WAIaaSErrorCode;
  readonly statusCode: number;
  readonly retryable: boolean;
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly hint: string | undefined;
  readonly idempotencyKey: string | undefined;

  constructor(fields: WAIaaSErrorFields) {
    super(fields.message, 'cause' in fields ? { cause: fields.cause } : undefined);
    this.code = fields.code;
    this.statusCode = fields.statusCode;
    this.retryable = fields.retryable;
    this.requestId = fields.requestId;
    this.details = fields.details;
    this.hint = fields.hint;
    this.idempotencyKey = fields.idempotencyKey;
  }

  /** The error as plain data; what is not known is absent. */
  toJSON(): WAIaaSErrorFields & { readonly name: 'WAIaaSError' } {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      statusCode: this.statusCode,
      retryable: this.retryable,
      ...(this.requestId === undefined ? {} : { requestId: this.requestId }),
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.idempotencyKey === undefined ? {} : { idempotencyKey: this.idempotencyKey }),
    };
  }
}

/** A refusal of this client, before anything was sent. */
export const localError = (
  code: ClientErrorCode | 'AGENT_NOT_FOUND' | 'TX_NOT_FOUND',
  message: string,
  statusCode = 0,
): WAIaaSError => new WAIaaSError({ code, message, statusCode, retryable: false });
