import { assetId, isoFromSeconds, leftBehindSchema, type RecallResponse, tokenOfAsset } from '@waiaas/core';
import { type Db, listTransactionsOfRecall, type RecallRow, type TransactionRow } from '@waiaas/storage';
import { z } from 'zod';

const remainingSchema = z.array(leftBehindSchema);

const movement = (row: TransactionRow): RecallResponse['transactions'][number] => {
  const tokenMint = tokenOfAsset(assetId(row.asset));
  return {
    transactionId: row.id,
    asset: row.asset,
    ...(tokenMint === null ? {} : { tokenMint }),
    amount: row.amount,
    status: row.status,
    ...(row.tx_hash === null || row.status === 'EXECUTING' ? {} : { txHash: row.tx_hash }),
    ...(row.error === null ? {} : { error: row.error }),
  };
};

/** A recall as whoever governs sees it. */
export async function recallView(db: Db, row: RecallRow): Promise<RecallResponse> {
  const transactions = await listTransactionsOfRecall(db, row.id);
  return {
    recallId: row.id,
    agentId: row.agent_id,
    kind: row.kind,
    status: row.status,
    destination: row.destination,
    requestedBy: row.requested_by,
    requestedAt: isoFromSeconds(row.created_at),
    ...(row.started_at === null ? {} : { startedAt: isoFromSeconds(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: isoFromSeconds(row.ended_at) }),
    ...(row.error === null ? {} : { error: row.error }),
    transactions: transactions.map(movement),
    left: row.remaining === null ? [] : remainingSchema.parse(JSON.parse(row.remaining)),
  };
}
