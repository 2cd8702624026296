import type { AgentId, RowSealer } from '@waiaas/core';
import { appendAudit, type Db, mergeMetadata, takeOpen, transition } from '@waiaas/storage';
import type { Ending } from './cancel-waiting.ts';

/**
 * Fails every payment that was begun and has no recorded signature, of all agents or of one, and gives back what it had
 * reserved, in the unit of work of what stops the agents. Whoever carries such a payment out meets the closed gate of the
 * kill switch, or, with a signature made before that, a record that can no longer be made: either way nothing of it is ever
 * sent. Payments whose signature is on record may have been sent; the chain tells what becomes of them, and after the kill
 * switch they are never sent again, unless the network has said that it has them. Answers how many there were.
 */
export async function stopUnsigned(
  db: Db,
  sealer: RowSealer,
  now: number,
  { actor: _actor, ...refusal }: Ending,
  agentId?: AgentId,
): Promise<number> {
  const { token } = refusal;
  let stopped = 0;
  for (const row of await takeOpen(db, sealer, now, { statuses: ['EXECUTING'], agentId })) {
    if (row.tx_hash !== null) continue;
    const metadata = mergeMetadata(row, { refusal });
    const fields = { reserved_amount: null, error: token, metadata };
    if ((await transition(db, sealer, row, 'FAILED', fields)) === null) continue;
    stopped += 1;
    await appendAudit(db, now, {
      event: 'TX_FAILED',
      actor: 'system',
      agentId: row.agent_id,
      txId: row.id,
      ...(row.session_id === null ? {} : { sessionId: row.session_id }),
      details: { error: token },
    });
  }
  return stopped;
}
