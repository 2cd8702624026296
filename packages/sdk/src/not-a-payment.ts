import { WAIaaSError } from './error.ts';

/**
 * Says of what a wallet of another library was asked for that it is not one payment.
 * @param what what of it is none, in words
 */
export const notAPayment = (what: string): WAIaaSError =>
  new WAIaaSError({
    code: 'NOT_A_PAYMENT',
    message: `The transaction is not one payment that a policy can judge: ${what}. Nothing was sent.`,
    statusCode: 0,
    retryable: false,
    hint: 'A session can pay: one transfer from its own wallet. It signs nothing else.',
  });
