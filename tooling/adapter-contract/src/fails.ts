import { strict as assert } from 'node:assert';
import { ChainError, type ChainErrorCode } from '@waiaas/core';

/** What an error must say. */
export interface ExpectedError {
  readonly code?: ChainErrorCode | readonly ChainErrorCode[];
  readonly retryable?: boolean;
  readonly mayHaveLanded?: boolean;
}

/** The error something fails with. */
export async function failureOf(work: Promise<unknown>): Promise<ChainError> {
  let outcome: unknown;
  try {
    outcome = await work;
  } catch (error) {
    assert.ok(error instanceof ChainError, `threw something else than a ChainError: ${String(error)}`);
    return error;
  }
  assert.fail(`did not fail but gave ${typeof outcome}`);
}

/** Checks that something fails as it must. */
export async function fails(work: Promise<unknown>, expected: ExpectedError = {}): Promise<ChainError> {
  const error = await failureOf(work);
  const { code, retryable, mayHaveLanded } = expected;
  if (code !== undefined) {
    const codes: readonly ChainErrorCode[] = typeof code === 'string' ? [code] : code;
    assert.ok(codes.includes(error.code), `code ${error.code} (${error.message}), expected ${codes.join(' or ')}`);
  }
  if (retryable !== undefined) assert.equal(error.retryable, retryable, `retryable of ${error.code}: ${error.message}`);
  if (mayHaveLanded !== undefined) {
    assert.equal(error.mayHaveLanded, mayHaveLanded, `mayHaveLanded of ${error.code}: ${error.message}`);
  }
  return error;
}

/** All text an error carries, to any depth, as a logger may write it. */
export function shownBy(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 10) return String(error);
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  const own = JSON.stringify({ ...error, message: error.message, stack: error.stack, cause: undefined }, plain);
  return `${own} ${error.cause === undefined ? '' : shownBy(error.cause, depth + 1)}`;
}
