import { requestPurpose, type SignInPurpose } from '@waiaas/auth';
import {
  type OwnerAction,
  type OwnerMessageRequest,
  ownerMessageResponseSchema,
  ownerStatement,
  transactionResource,
} from '@waiaas/core';
import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';
import { callDaemon } from '../daemon-client.ts';
import type { OwnerWallet } from './check-message.ts';

/** A request of the owner's, as it will be sent. */
export interface OwnerRequest {
  readonly action: OwnerAction;
  readonly method: OwnerMessageRequest['method'];
  /** With the query, as in the request line. */
  readonly path: string;
  /** To the byte; absent where there is none. */
  readonly rawBody?: string | undefined;
}

/** Actions about one payment: what is signed says it in words, and the daemon says it to operators only (00 §3). */
export type PaymentAction = Extract<OwnerAction, 'approve_tx' | 'reject_tx'>;

/** Whether an action is about one payment. */
export const isPaymentAction = (action: OwnerAction): action is PaymentAction =>
  action === 'approve_tx' || action === 'reject_tx';

/** What a signature over a payment has to say, from the words in which the payment is listed. */
export const purposeOfPayment = (action: PaymentAction, txId: string, inWords: string): SignInPurpose => ({
  statement: ownerStatement(action, inWords),
  resource: transactionResource(txId),
});

/** What a signature over any other request has to say. @throws CliError for an action about a payment */
export function purposeOfRequest({ action, method, path, rawBody }: OwnerRequest): SignInPurpose {
  if (isPaymentAction(action)) throw new TypeError('A payment is signed in words');
  return requestPurpose(action, { method, path, rawBody: rawBody ?? '' });
}

/**
 * Asks the daemon for the text to sign, with a fresh nonce. It still has to be checked.
 * @throws CliError
 */
export async function requestMessage(
  daemon: { readonly port: number; readonly password?: string },
  wallet: OwnerWallet,
  request: OwnerRequest,
): Promise<string> {
  const { action, method, path, rawBody } = request;
  const body: OwnerMessageRequest = {
    ...wallet,
    action,
    method,
    path,
    ...(rawBody === undefined ? {} : { body: rawBody }),
  };
  const { message, nonce } = await callDaemon({
    ...daemon,
    method: 'POST',
    path: '/v1/owner/messages',
    body,
    answer: ownerMessageResponseSchema,
  });
  if (message.split('\n').includes(`Nonce: ${nonce}`)) return message;
  throw new CliError({
    code: 'MESSAGE_REFUSED',
    message: 'The message of the daemon does not carry the nonce that came with it. Do not sign it.',
    exitCode: EXIT.FAILURE,
  });
}
