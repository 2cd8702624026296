import { type AgentId, type ErrorCode, type RowSealer, transactionId } from '@waiaas/core';
import { appendAudit, type Db, decideApproval, mergeMetadata, takeWaiting, transition } from '@waiaas/storage';

/** Why payments that wait are ended. */
export interface Ending {
  /** What whoever asked for the payment is told. */
  readonly code: ErrorCode;
  /** Word in the row's `error` column. */
  readonly token: string;
  /** In place of the catalogue's message. */
  readonly message?: string;
  /** Whether asking again may help, where that is not as the catalogue has it. */
  readonly retryable?: boolean;
  /** Actor of the audit rows. */
  readonly actor: string;
}

/**
 * Cancels every payment that waits, of all agents or of one, and gives back what it had reserved, in the unit of work of
 * what stops the agents. Answers how many there were. Which they are, the sealed heads say. One that somebody else
 * has changed or hidden is reported, and is over as well: nothing acts upon it any more, whatever is put back into the file.
 */
export async function cancelWaiting(
  db: Db,
  sealer: RowSealer,
  now: number,
  ending: Ending,
  agentId?: AgentId,
): Promise<number> {
  const { actor, ...refusal } = ending;
  const { token } = refusal;
  let cancelled = 0;
  for (const row of await takeWaiting(db, sealer, now, { agentId })) {
    const metadata = mergeMetadata(row, { refusal });
    const fields = { reserved_amount: null, error: token, metadata };
    if ((await transition(db, sealer, row, 'CANCELLED', fields)) === null) continue;
    cancelled += 1;
    if (row.tier === 'APPROVAL') {
      await decideApproval(db, transactionId(row.id), { approved: false, now, evidence: null });
    }
    await appendAudit(db, now, {
      event: 'TX_CANCELLED',
      actor,
      agentId: row.agent_id,
      txId: row.id,
      ...(row.session_id === null ? {} : { sessionId: row.session_id }),
      details: { reason: token },
    });
  }
  return cancelled;
}
