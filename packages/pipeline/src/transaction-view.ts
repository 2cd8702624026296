import {
  assetId,
  type Intent,
  isoFromSeconds,
  type OwnerTransaction,
  type TransactionResponse,
  type TransactionStatus,
  tokenOfAsset,
} from '@waiaas/core';
import { type NamedTransaction, readMetadata, type TransactionRow } from '@waiaas/storage';
import { NOT_AUTHENTIC } from './not-authentic.ts';

/** States from which on the hash is shown: before, nothing has been broadcast (04 §2). */
const HASH_SHOWN: readonly TransactionStatus[] = ['SUBMITTED', 'CONFIRMED', 'FAILED', 'EXPIRED'];

const deadline = (row: TransactionRow): number | null =>
  row.tier === 'DELAY' ? row.execute_after : row.approval_expires_at;

const feeOf = (row: TransactionRow): string | undefined => {
  const { fee } = readMetadata(row);
  return typeof fee === 'string' ? fee : undefined;
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

/**
 * What is shown of a row that is not what the daemon wrote: that there is one. Neither its hash nor its times nor its fee
 * are anybody's word any more.
 */
export const changedView = (row: TransactionRow): TransactionResponse => ({
  transactionId: row.id,
  status: row.status,
  type: row.type,
  amount: row.amount,
  toAddress: row.to_address,
  createdAt: isoFromSeconds(row.created_at),
  error: NOT_AUTHENTIC.token,
});

/**
 * A payment as the operator and the owner see it.
 * @param stored what was admitted; null when the row is not what the daemon wrote
 */
export const ownerTransactionView = (
  row: NamedTransaction,
  stored: { readonly intent: Pick<Intent, 'token'> } | null,
): OwnerTransaction => ({
  ...(stored === null ? changedView(row) : transactionView(row)),
  agentId: row.agent_id,
  agentName: row.agent_name,
  ...optional('sessionId', row.session_id),
  chain: row.chain,
  network: row.network,
  asset: row.asset,
  ...optional('token', stored?.intent.token),
  ...optional('memo', row.memo),
});
