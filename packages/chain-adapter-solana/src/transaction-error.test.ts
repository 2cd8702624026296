import { expect, test } from 'vitest';
import { describeTransactionError } from './transaction-error.ts';

test.each([
  ['InsufficientFundsForFee', 'The wallet cannot pay the network fee', true],
  ['AccountNotFound', 'The wallet has never been funded', true],
  [
    { InsufficientFundsForRent: { account_index: 1n } },
    'An account would be left with less than the rent-exempt minimum (account 1)',
    true,
  ],
  [{ InstructionError: [2n, { Custom: 6_001n }] }, 'Instruction 2: custom error 6001', false],
  [{ InstructionError: [0n, 'ComputationalBudgetExceeded'] }, 'Instruction 0: ComputationalBudgetExceeded', false],
  [{ InstructionError: [0n, { BorshIoError: 'x' }] }, 'Instruction 0: BorshIoError', false],
  [{ DuplicateInstruction: 3n }, 'DuplicateInstruction', false],
  ['<script>', 'script', false],
  ['x'.repeat(1_000), 'x'.repeat(100), false],
  [{}, 'Unknown error', false],
  [7n, 'Unknown error', false],
  [{ InstructionError: null }, 'Instruction -1: Unknown error', false],
])('case %#', (told, text, insufficientFunds) => {
  expect(describeTransactionError(told)).toMatchObject({ text, insufficientFunds });
});
