import type { TransactionResponse } from '@waiaas/core';
import { openAbortScope } from './abort-scope.ts';
import { WAIaaSError } from './error.ts';
import { ABORTED } from './exchange.ts';
import type { Runtime } from './runtime.ts';

/** What waiting for a transaction needs. */
export interface Wait {
  readonly transactionId: string;
  readonly get: (transactionId: string, signal: AbortSignal) => Promise<TransactionResponse>;
  readonly runtime: Runtime;
  readonly signals: readonly (AbortSignal | undefined)[];
  /** Milliseconds in all. */
  readonly timeout: number;
}

const TERMINAL: readonly string[] = [
  'CONFIRMED',
  'FAILED',
  'CANCELLED',
  'EXPIRED',
] satisfies readonly TransactionResponse['status'][];

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5000;

/**
 * Asks for a transaction until it has ended, one way or another, and gives it as it ended.
 * @throws WAIaaSError TIMEOUT with the last seen status in `details`, ABORTED, or what asking came to.
 */
export async function waitUntilTerminal(wait: Wait): Promise<TransactionResponse> {
  const scope = openAbortScope(wait.signals, wait.timeout);
  let status: string | undefined;
  try {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const transaction = await wait.get(wait.transactionId, scope.signal);
      if (TERMINAL.includes(transaction.status)) return transaction;
      status = transaction.status;
      await wait.runtime.sleep(pause, scope.signal);
    }
  } catch (error) {
    if (scope.endedBy === 'caller') throw new WAIaaSError(ABORTED);
    if (scope.endedBy === null) throw error;
    throw new WAIaaSError({
      code: 'TIMEOUT',
      message: `The transaction had not ended after ${wait.timeout} ms.`,
      statusCode: 0,
      retryable: true,
      details: { transactionId: wait.transactionId, ...(status === undefined ? {} : { status }) },
      hint: 'It goes on; ask again later.',
    });
  } finally {
    scope.close();
  }
}
