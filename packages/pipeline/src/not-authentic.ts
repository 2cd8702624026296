import { WaiaasError } from '@waiaas/core';
import type { Refusal } from './refusal.ts';

/** A stored payment that is not what the daemon wrote: it is left as it is, and nothing is done for it (00 §3). */
export const NOT_AUTHENTIC: Refusal = {
  code: 'POLICY_DENIED',
  token: 'TRANSACTION_NOT_AUTHENTIC',
  message: 'The stored payment is not what this daemon wrote; nothing is done for it.',
};

/** The answer to whoever asks for such a payment. */
export const notAuthentic = (transactionId: string): WaiaasError =>
  new WaiaasError('POLICY_DENIED', {
    message: 'The stored payment is not what this daemon wrote; nothing is done for it.',
    details: { reason: NOT_AUTHENTIC.token, transactionId },
    hint: 'Restore the database from a backup; see the audit log.',
  });
