import { assetId, isoFromSeconds, type TransactionResponse, type TransactionStatus, tokenOfAsset } from '@waiaas/core';
import type { TransactionRow } from '@waiaas/storage';

/** States from which on the hash is shown: before, nothing has been broadcast (04 §2). */
const HASH_SHOWN: readonly TransactionStatus[] = ['SUBMITTED', 'CONFIRMED', 'FAILED', 'EXPIRED'];

const deadline = (row: TransactionRow): number | null =>
  row.tier === 'DELAY' ? row.execute_after : row.approval_expires_at;

const feeOf = (row: TransactionRow): string | undefined => {
  const metadata: unknown = row.metadata === null ? null : JSON.parse(row.metadata);
  if (typeof metadata !== 'object' || metadata === null || !('fee' in metadata)) return undefined;
  return typeof metadata.fee === 'string' ? metadata.fee : undefined;
};

const optional = <Key extends string, Value>(key: Key, value: Value | null | undefined): { [K in Key]?: Value } => {
  const fields: { [K in Key]?: Value } = {};
  if (value !== null && value !== undefined) fields[key] = value;
  return fields;
};

const time = (seconds: number | null): string | null => (seconds === null ? null : isoFromSeconds(seconds));

/** A transaction as its agent sees it (06 §2.3). */
export const transactionView = (row: TransactionRow): TransactionResponse => ({
  transactionId: row.id,
  status: row.status,
  type: row.type,
  ...optional('tokenMint', tokenOfAsset(assetId(row.asset))),
  amount: row.amount,
  toAddress: row.to_address,
  ...optional('tier', row.tier),
  ...optional('txHash', HASH_SHOWN.includes(row.status) ? row.tx_hash : null),
  ...optional('fee', feeOf(row)),
  createdAt: isoFromSeconds(row.created_at),
  ...optional('queuedAt', time(row.queued_at)),
  ...optional('executedAt', time(row.executed_at)),
  ...optional('expiresAt', time(deadline(row))),
  ...optional('error', row.error),
});
