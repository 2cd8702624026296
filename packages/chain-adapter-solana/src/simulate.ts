import type { Clock, SimulationResult, UnsignedTransaction } from '@waiaas/core';
import { customErrorMeaning, programPlaces } from './custom-error.ts';
import { checkLifetime } from './lifetime-check.ts';
import type { NodeView } from './node-view.ts';
import { naturalOf } from './rpc-answer.ts';
import { type SimulationAnswer, simulationCall } from './run-simulation.ts';
import { faultOf } from './solana-fault.ts';
import { describeTransactionError } from './transaction-error.ts';

/** Logs end up in the database: no more than this many lines, none longer than this (02 §14). */
const MAX_LOG_LINES = 64;
const MAX_LOG_LENGTH = 512;

const capped = (logs: unknown): readonly string[] => {
  const lines = Array.isArray(logs) ? logs.filter((line) => typeof line === 'string') : [];
  const kept = lines.slice(0, MAX_LOG_LINES).map((line) => line.slice(0, MAX_LOG_LENGTH));
  return lines.length > MAX_LOG_LINES ? [...kept, `(${lines.length - MAX_LOG_LINES} more lines)`] : kept;
};

const resultOf = (value: SimulationAnswer, message: Uint8Array): SimulationResult => {
  const logs = capped(value.logs);
  const units = value.unitsConsumed;
  const used = units === undefined || units === null ? {} : { unitsConsumed: naturalOf(units, 'units consumed') };
  const failure = value.err ?? null;
  if (failure === null) return { success: true, logs, ...used };
  const told = describeTransactionError(failure);
  const meaning = customErrorMeaning(programPlaces(message), told.instructionIndex, told.customCode);
  const insufficientFunds = told.insufficientFunds || meaning?.isLack === true;
  const error = meaning === undefined ? told.text : `${told.text}: ${meaning.message}`;
  return { success: false, logs, ...used, error, insufficientFunds };
};

/**
 * Runs a built transaction without a signature (02 §14).
 * @throws ChainError TRANSACTION_EXPIRED; SIMULATION_FAILED when it could not be run.
 */
export async function simulatePayment(
  { session, sendMs }: NodeView,
  clock: Clock,
  transaction: UnsignedTransaction,
): Promise<SimulationResult> {
  checkLifetime(transaction, clock);
  const message = transaction.serialized;
  const call = simulationCall(message, sendMs);
  try {
    return resultOf(await session.raw(call), message);
  } catch (error) {
    const fault = faultOf(error, { now: clock.now() });
    throw session.errorOf({ ...fault, code: 'SIMULATION_FAILED' }, error, call.method, false);
  }
}
