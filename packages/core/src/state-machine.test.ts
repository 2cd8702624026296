import { describe, expect, test } from 'vitest';
import { TRANSACTION_STATUSES } from './enums.ts';
import { canTransition, isTerminal } from './state-machine.ts';

/** The matrix of 04 §4.1, written down a second time. */
const LEGAL = new Set([
  'PENDING>QUEUED',
  'PENDING>FAILED',
  'PENDING>CANCELLED',
  'QUEUED>EXECUTING',
  'QUEUED>CANCELLED',
  'QUEUED>EXPIRED',
  'EXECUTING>SUBMITTED',
  'EXECUTING>FAILED',
  'SUBMITTED>CONFIRMED',
  'SUBMITTED>FAILED',
  'SUBMITTED>EXPIRED',
]);

const PAIRS = TRANSACTION_STATUSES.flatMap((from) => TRANSACTION_STATUSES.map((to) => ({ from, to })));

describe('the state machine', () => {
  test('knows 64 pairs, of which eleven are legal', () => {
    expect(PAIRS).toHaveLength(64);
    expect(PAIRS.filter(({ from, to }) => canTransition(from, to))).toHaveLength(11);
  });

  test.each(PAIRS)('$from to $to', ({ from, to }) => {
    expect(canTransition(from, to)).toBe(LEGAL.has(`${from}>${to}`));
  });

  test('four states are terminal, and no pair leaves them', () => {
    const terminal = TRANSACTION_STATUSES.filter(isTerminal);
    expect(terminal).toEqual(['CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED']);
    expect(PAIRS.some(({ from, to }) => isTerminal(from) && canTransition(from, to))).toBe(false);
  });

  test('what has been handed to the network can be neither cancelled nor taken back', () => {
    expect(canTransition('SUBMITTED', 'CANCELLED')).toBe(false);
    expect(canTransition('EXECUTING', 'QUEUED')).toBe(false);
  });
});
