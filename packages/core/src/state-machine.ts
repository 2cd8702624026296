import type { TransactionStatus } from './enums.ts';

/** The eleven legal transitions (04 §4.1). Everything that enforces or explains them is derived from this table. */
export const TRANSITIONS: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
  PENDING: ['QUEUED', 'FAILED', 'CANCELLED'],
  QUEUED: ['EXECUTING', 'CANCELLED', 'EXPIRED'],
  EXECUTING: ['SUBMITTED', 'FAILED'],
  SUBMITTED: ['CONFIRMED', 'FAILED', 'EXPIRED'],
  CONFIRMED: [],
  FAILED: [],
  CANCELLED: [],
  EXPIRED: [],
};

/** Whether a transaction may go from one state to another. Nothing may stay where it is, nothing leaves a terminal state. */
export const canTransition = (from: TransactionStatus, to: TransactionStatus): boolean =>
  TRANSITIONS[from].includes(to);

/** Whether a state has no exit. */
export const isTerminal = (status: TransactionStatus): boolean => TRANSITIONS[status].length === 0;
