import { isJsonObject } from '../json/json-value.ts';
import type { TransactionError } from './transaction-error.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  AccountNotFound: 'Attempt to debit an account but found no record of a prior credit.',
  AlreadyProcessed: 'This transaction has already been processed',
  BlockhashNotFound: 'Blockhash not found',
  InsufficientFundsForFee: 'Insufficient funds for fee',
  InvalidAccountForFee: 'This account may not be used to pay transaction fees',
  InvalidProgramForExecution: 'This program may not be used for executing instructions',
  ProgramAccountNotFound: 'Attempt to load a program that does not exist',
  SanitizeFailure: 'Transaction failed to sanitize accounts offsets correctly',
};

/** The sentence a validator puts after "Transaction simulation failed: ". Only people read it; programs read the data. */
export function describeTransactionError(error: TransactionError): string {
  if (typeof error === 'string') return SENTENCES[error] ?? error;
  if (!isJsonObject(error)) return String(error);
  const { InstructionError: instruction, InsufficientFundsForRent: rent } = error;
  if (Array.isArray(instruction)) return describeInstruction(Number(instruction[0]), instruction[1]);
  if (isJsonObject(rent)) {
    return `Transaction results in an account (${String(rent.account_index)}) with insufficient funds for rent`;
  }
  return Object.keys(error)[0] ?? 'unknown error';
}

function describeInstruction(index: number, reason: unknown): string {
  const prefix = `Error processing Instruction ${index}: `;
  if (typeof reason === 'object' && reason !== null && 'Custom' in reason) {
    return `${prefix}custom program error: 0x${Number(reason.Custom).toString(16)}`;
  }
  return prefix + String(reason);
}
