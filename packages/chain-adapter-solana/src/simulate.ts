import type { Clock, SimulationResult, UnsignedTransaction } from '@waiaas/core';
import { systemErrorIsFunds } from './funds-error.ts';
import { checkLifetime } from './lifetime-check.ts';
import { naturalOf, recordOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';
import { faultOf } from './solana-fault.ts';
import { describeTransactionError } from './transaction-error.ts';
import { assembleUnsignedWire, base64Wire } from './wire-transaction.ts';

/** Logs end up in the database: no more than this many lines, none longer than this (02 §14). */
const MAX_LOG_LINES = 64;
const MAX_LOG_LENGTH = 512;

const capped = (logs: unknown): readonly string[] => {
  const lines = Array.isArray(logs) ? logs.filter((line) => typeof line === 'string') : [];
  const kept = lines.slice(0, MAX_LOG_LINES).map((line) => line.slice(0, MAX_LOG_LENGTH));
  return lines.length > MAX_LOG_LINES ? [...kept, `(${lines.length - MAX_LOG_LINES} more lines)`] : kept;
};

const resultOf = (value: Readonly<Record<string, unknown>>, message: Uint8Array): SimulationResult => {
  const logs = capped(value.logs);
  const units = value.unitsConsumed;
  const used = units === undefined || units === null ? {} : { unitsConsumed: naturalOf(units, 'units consumed') };
  const failure = value.err ?? null;
  if (failure === null) return { success: true, logs, ...used };
  const told = describeTransactionError(failure);
  const insufficientFunds = told.insufficientFunds || systemErrorIsFunds(told, message);
  return { success: false, logs, ...used, error: told.text, insufficientFunds };
};

/**
 * Runs a built transaction without a signature: as a whole wire transaction with an empty one, and with a fresh
 * blockhash, so that a stale one does not hide what is really wrong (02 §14).
 * @throws ChainError TRANSACTION_EXPIRED; SIMULATION_FAILED when it could not be run.
 */
export async function simulatePayment(
  session: RpcSession,
  clock: Clock,
  timeoutMs: number,
  transaction: UnsignedTransaction,
): Promise<SimulationResult> {
  checkLifetime(transaction, clock);
  const message = transaction.serialized;
  const wire = base64Wire(assembleUnsignedWire(message));
  const method = 'simulateTransaction';
  try {
    return await session.raw({
      method,
      timeoutMs,
      async request(rpc, abortSignal) {
        const answer = await rpc
          .simulateTransaction(wire, {
            commitment: 'confirmed',
            encoding: 'base64',
            replaceRecentBlockhash: true,
            sigVerify: false,
          })
          .send({ abortSignal });
        return resultOf(recordOf(answer.value, 'simulation'), message);
      },
    });
  } catch (error) {
    const fault = faultOf(error, { now: clock.now() });
    throw session.errorOf({ ...fault, code: 'SIMULATION_FAILED' }, error, method, false);
  }
}
