import { errorEntry, isErrorCode, toJson } from '@waiaas/core';
import { WAIaaSError } from '@waiaas/sdk';
import { markUntrusted, type UntrustedText, untrusted } from './untrusted.ts';

/** What went wrong, as a model is told it: the same form for every tool (06 §7.4). */
export interface Failure {
  readonly error: true;
  readonly code: string;
  readonly message: string;
  /** Whether the very same call may succeed later. */
  readonly retryable: boolean;
  readonly hint?: string;
  readonly details?: unknown;
  /** What the daemon said where it is not its usual sentence. */
  readonly said?: UntrustedText;
}

/** A refusal by a tool that has more to say about it than its code does. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What an error comes to. Sentences are those of the catalogue or of the client; everything else is marked as data. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ToolError) return error.failure;
  if (!(error instanceof WAIaaSError)) {
    return {
      error: true,
      code: 'INTERNAL_ERROR',
      message: 'The MCP server hit an unexpected error; its log on stderr has more.',
      retryable: false,
    };
  }
  const { code, retryable } = error;
  const details = error.details === undefined ? {} : { details: markUntrusted(error.details) };
  if (error.statusCode === 0 || code === 'UNKNOWN_ERROR') {
    const { message, hint } = error;
    return { error: true, code, message, retryable, ...(hint === undefined ? {} : { hint }), ...details };
  }
  if (!isErrorCode(code)) {
    // Of a newer daemon, or of something that answers in its place.
    const known = /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : 'UNKNOWN_ERROR';
    return {
      error: true,
      code: known,
      message: `HTTP ${error.statusCode}`,
      retryable,
      ...details,
      said: untrusted(error.message),
    };
  }
  const { message, hint } = errorEntry(code);
  return {
    error: true,
    code,
    message,
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...details,
    ...(error.message === message ? {} : { said: untrusted(error.message) }),
  };
}

/** A value as the text of an answer. */
export const asText = (value: unknown): string => toJson(value);
