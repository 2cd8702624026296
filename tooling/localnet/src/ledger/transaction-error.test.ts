import { describe, expect, test } from 'vitest';
import { describeTransactionError } from './describe-error.ts';
import { parseTransactionError } from './transaction-error.ts';

describe('parseTransactionError', () => {
  test.each([
    ['AccountNotFound', 'AccountNotFound'],
    ['InstructionError(0, Custom(1))', { InstructionError: [0, { Custom: 1 }] }],
    ['InstructionError(2, ComputationalBudgetExceeded)', { InstructionError: [2, 'ComputationalBudgetExceeded'] }],
    ['InstructionError(1, BorshIoError("no bytes left"))', { InstructionError: [1, 'BorshIoError'] }],
    ['InsufficientFundsForRent { account_index: 1 }', { InsufficientFundsForRent: { account_index: 1 } }],
    ['DuplicateInstruction(3)', { DuplicateInstruction: 3 }],
  ])('%s', (text, error) => {
    expect(parseTransactionError(text)).toEqual(error);
  });
});

describe('describeTransactionError', () => {
  test.each([
    ['BlockhashNotFound', 'Blockhash not found'],
    ['SomethingNew', 'SomethingNew'],
    [{ InstructionError: [0, { Custom: 18 }] }, 'Error processing Instruction 0: custom program error: 0x12'],
    [{ InstructionError: [1, 'InvalidSeeds'] }, 'Error processing Instruction 1: InvalidSeeds'],
    [
      { InsufficientFundsForRent: { account_index: 1 } },
      'Transaction results in an account (1) with insufficient funds for rent',
    ],
  ])('%j', (error, sentence) => {
    expect(describeTransactionError(error)).toBe(sentence);
  });
});
