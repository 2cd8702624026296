import { paymentInWords } from '@waiaas/auth';
import { isoFromSeconds, type PendingApproval } from '@waiaas/core';
import { type NamedTransaction, preApprovedAt } from '@waiaas/storage';
import type { AuthenticIntent } from './admission.ts';

/**
 * A payment that waits, as the owner sees it. Its words come from the sealed intent, not from the columns beside it.
 * @param authentic null for a row that is not what the daemon wrote last: it has no words, and nobody can approve it
 */
export function waitingView(row: NamedTransaction, authentic: AuthenticIntent | null): PendingApproval {
  const preApproved = preApprovedAt(row);
  return {
    txId: row.id,
    agentId: row.agent_id,
    agentName: row.agent_name,
    type: row.type,
    asset: row.asset,
    ...(authentic === null || authentic.intent.token === null ? {} : { token: authentic.intent.token }),
    amount: row.amount,
    toAddress: row.to_address,
    ...(row.memo === null ? {} : { memo: row.memo }),
    chain: row.chain,
    network: row.network,
    tier: row.tier ?? 'APPROVAL',
    queuedAt: isoFromSeconds(row.queued_at ?? row.created_at),
    expiresAt: isoFromSeconds(row.execute_after ?? row.approval_expires_at ?? row.created_at),
    ...(preApproved === null ? {} : { preApprovedAt: isoFromSeconds(preApproved) }),
    inWords: authentic === null ? null : paymentInWords(authentic.intent),
  };
}
