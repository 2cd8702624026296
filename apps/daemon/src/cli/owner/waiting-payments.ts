import {
  addressKey,
  nativeAsset,
  nativeAssetId,
  type PendingApproval,
  paymentText,
  pendingApprovalListResponseSchema,
} from '@waiaas/core';
import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';
import type { OperatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { allPages } from '../pages.ts';

/** Every payment that waits, oldest first. @throws CliError */
export const waitingPayments = (session: OperatorSession, agentId?: string): Promise<readonly PendingApproval[]> =>
  allPages(async (page) => {
    const query = new URLSearchParams({ order: 'asc', ...page, ...(agentId === undefined ? {} : { agentId }) });
    const { transactions, nextCursor } = await callDaemon({
      ...session,
      method: 'GET',
      path: `/v1/owner/pending-approvals?${query}`,
      answer: pendingApprovalListResponseSchema,
    });
    return { items: transactions, nextCursor };
  });

/** A payment that an owner can be asked about: it has words, and they are about it. */
export type ReadablePayment = PendingApproval & { readonly inWords: string };

/** The words a payment would have by the figures it is listed with; null when these do not fit together. */
function wordsFor({ asset, token, amount, toAddress: to, chain, network }: PendingApproval): string | null {
  const listed = token === undefined ? nativeAssetId(chain) : `${chain}:${addressKey(chain, token.address)}`;
  if (asset !== listed) return null;
  const { decimals, symbol } = token ?? nativeAsset(chain);
  return paymentText({ chain, network, to, amount: BigInt(amount), decimals, symbol, token: token?.address ?? null });
}

const fail = (code: string, message: string, hint?: string): CliError =>
  new CliError({ code, message, hint, exitCode: EXIT.FAILURE });

/**
 * The payment an owner wants to decide about, as the daemon lists it.
 * @throws CliError NOT_WAITING when it does not wait, MESSAGE_REFUSED when its words cannot be relied on
 */
export async function waitingPayment(session: OperatorSession, txId: string): Promise<ReadablePayment> {
  const payment = (await waitingPayments(session)).find((waiting) => waiting.txId === txId);
  if (payment === undefined) {
    throw fail('NOT_WAITING', `The payment ${txId} does not wait for anything.`, 'See "waiaas owner pending".');
  }
  const { inWords } = payment;
  if (inWords === null) {
    throw fail(
      'MESSAGE_REFUSED',
      `The stored payment ${txId} is not the one that was admitted. It will not be carried out; do not sign it.`,
      'Somebody may have changed the database. Reject the payment with the master password, and look into the audit log.',
    );
  }
  // The two come from different places in the daemon: what is listed, and what was sealed.
  if (inWords !== wordsFor(payment)) {
    throw fail(
      'MESSAGE_REFUSED',
      'The words of the payment are not about the amount, asset and recipient it is listed with. Do not sign it.',
    );
  }
  return { ...payment, inWords };
}

/** What a person needs to know about a payment before deciding. */
export const paymentFacts = (payment: PendingApproval): readonly (readonly [string, string])[] => [
  ['Payment', payment.inWords ?? 'cannot be relied on: it is not the one that was admitted'],
  ['Transaction', payment.txId],
  ['Agent', `${payment.agentName} (${payment.agentId})`],
  ...(payment.memo === undefined ? [] : [['Memo', payment.memo] as const]),
  ...(payment.preApprovedAt === undefined
    ? []
    : [['Meant to be approved', `in Telegram, ${payment.preApprovedAt}`] as const]),
  [payment.tier === 'APPROVAL' ? 'Approve until' : 'Runs at', payment.expiresAt],
];
