import {
  assetId,
  agentId as brandAgentId,
  transactionId as brandTransactionId,
  isoTime,
  nativeAssetId,
  type TransactionId,
  unixSeconds,
} from '@waiaas/core';
import {
  addSessionUsage,
  appendAudit,
  appendSpend,
  clearLateCheck,
  type Db,
  findTransaction,
  recordBroadcast,
  type Storage,
  type TransactionRow,
  transition,
} from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import { errorColumn, mergeMetadata, type Refusal } from './refusal.ts';

/** What is known of a landed transaction. */
export interface Landing {
  readonly blockNumber: bigint;
  readonly fee?: bigint;
}

const landingFields = (landing: Landing) => ({
  blockNumber: landing.blockNumber,
  ...(landing.fee === undefined ? {} : { fee: landing.fee.toString() }),
});

/**
 * The units of work after admission: T4 to T7 and T9 of 04 §3. Each is a compare-and-set with its audit row; the release
 * or settlement of the reservation is part of the transition, never a step of its own. They answer the row as it is
 * afterwards, or null when another hand was faster: then nothing was done and nothing must follow.
 */
export interface Settlement {
  /** T4: what is about to be sent. False: nothing may be sent. */
  recordBroadcast(
    row: TransactionRow,
    signed: { txHash: string; bytes: Uint8Array; lastValidBlockHeight?: bigint },
  ): Promise<boolean>;
  /** T5: sent, or possibly sent. */
  submitted(row: TransactionRow, how: { ambiguous: boolean; recovered?: boolean }): Promise<TransactionRow | null>;
  /** T6: the chain executed it. */
  confirmed(row: TransactionRow, landing: Landing): Promise<TransactionRow | null>;
  /** T7 from EXECUTING: known not to have been taken by the network. */
  failedBeforeLanding(
    row: TransactionRow,
    refusal: Refusal,
    extra?: Readonly<Record<string, unknown>>,
  ): Promise<TransactionRow | null>;
  /** T7 from SUBMITTED: the chain executed it and it failed. */
  failedOnChain(row: TransactionRow, refusal: Refusal, landing: Landing): Promise<TransactionRow | null>;
  /** T7 from SUBMITTED: proven that it can no longer land. */
  expired(row: TransactionRow, proof: { finalizedBlockHeight: bigint }): Promise<TransactionRow | null>;
  /** System cancellation of a row that was never carried out. */
  cancelled(row: TransactionRow, refusal: Refusal): Promise<TransactionRow | null>;
  /** T9: nobody approved in time. */
  approvalExpired(id: TransactionId): Promise<TransactionRow | null>;
  /** The last look-up of a transaction that had ended: `landed` when it turned up after all. */
  lateChecked(row: TransactionRow, landed: Landing | null): Promise<void>;
}

const APPROVAL_TIMEOUT: Refusal = { code: 'APPROVAL_TIMEOUT', token: 'APPROVAL_TIMEOUT' };

/** Makes the units of work after admission. */
export function createSettlement(
  dependencies: Pick<PipelineDependencies, 'clock' | 'sealer' | 'settings'> & {
    readonly storage: Pick<Storage, 'write'>;
  },
): Settlement {
  const { storage, clock, sealer, settings } = dependencies;
  const subject = (row: TransactionRow) => ({
    agentId: row.agent_id,
    txId: row.id,
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  });
  const idOf = (row: TransactionRow): TransactionId => brandTransactionId(row.id);
  const after = async (db: Db, row: TransactionRow): Promise<TransactionRow | null> =>
    (await findTransaction(db, row.id)) ?? null;
  const released = { reserved_amount: null, signed_tx: null } as const;

  /** A row's metadata may have changed since it was read; merging needs the present one. */
  const metadataOf = async (db: Db, row: TransactionRow, fields: Readonly<Record<string, unknown>>): Promise<string> =>
    mergeMetadata((await findTransaction(db, row.id)) ?? row, fields);

  async function settleSpend(db: Db, row: TransactionRow): Promise<void> {
    // Rounded up, so that a spend never leaves a window before its full time is over.
    const now = Math.ceil(clock.now() / 1000);
    const amount = BigInt(row.amount);
    const asset = assetId(row.asset);
    await appendSpend(db, {
      agentId: brandAgentId(row.agent_id),
      asset,
      txId: row.id,
      amount,
      now,
    });
    // A session's amounts are of the native asset; a token's base units are no part of them.
    const used = asset === nativeAssetId(row.chain) ? amount : 0n;
    await addSessionUsage(db, sealer, row.session_id, used, isoTime(clock.now()));
  }

  return {
    recordBroadcast: (row, signed) =>
      storage.write(async ({ db }) => {
        const recorded = await recordBroadcast(db, idOf(row), {
          txHash: signed.txHash,
          signedTx: signed.bytes,
          lastValidBlockHeight: signed.lastValidBlockHeight ?? null,
        });
        if (!recorded) return false;
        const details = { txHash: signed.txHash, intentHash: row.intent_hash };
        await appendAudit(db, unixSeconds(clock), { event: 'TX_SIGNED', actor: 'system', ...subject(row), details });
        return true;
      }),

    submitted: (row, how) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        if (!(await transition(db, idOf(row), 'EXECUTING', 'SUBMITTED', { submitted_at: now }))) return null;
        const sent = await after(db, row);
        const details = { txHash: sent?.tx_hash, ...how };
        await appendAudit(db, now, { event: 'TX_SUBMITTED', actor: 'system', ...subject(row), details });
        return sent;
      }),

    confirmed: (row, landing) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const metadata = await metadataOf(db, row, landingFields(landing));
        if (!(await transition(db, idOf(row), 'SUBMITTED', 'CONFIRMED', { ...released, executed_at: now, metadata })))
          return null;
        await settleSpend(db, row);
        const details = { txHash: row.tx_hash, amount: row.amount, asset: row.asset, ...landingFields(landing) };
        await appendAudit(db, now, { event: 'TX_CONFIRMED', actor: 'system', ...subject(row), details });
        return after(db, row);
      }),

    failedBeforeLanding: (row, refusal, extra = {}) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const present = (await after(db, row)) ?? row;
        const metadata = mergeMetadata(present, { ...extra, refusal });
        const error = errorColumn(refusal);
        // Signed bytes that the network refused are looked up once more, in case it took them after all.
        const late_check_at = present.tx_hash === null ? null : now + settings.lateCheckSeconds;
        if (!(await transition(db, idOf(row), 'EXECUTING', 'FAILED', { ...released, error, metadata, late_check_at })))
          return null;
        await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details: { error } });
        return after(db, row);
      }),

    failedOnChain: (row, refusal, landing) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const metadata = await metadataOf(db, row, { ...landingFields(landing), refusal });
        const error = errorColumn(refusal);
        if (!(await transition(db, idOf(row), 'SUBMITTED', 'FAILED', { ...released, error, metadata }))) return null;
        const details = { error, txHash: row.tx_hash, ...landingFields(landing) };
        await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
        return after(db, row);
      }),

    expired: (row, proof) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        // A transaction without a last block ends when another one has used its nonce.
        const token = row.last_valid_block_height === null ? 'NONCE_USED' : 'BLOCKHASH_EXPIRED';
        const refusal: Refusal = { code: 'TX_EXPIRED', token };
        const evidence = { ...proof, lastValidBlockHeight: row.last_valid_block_height };
        const metadata = await metadataOf(db, row, { proof: evidence, refusal });
        const fields = {
          ...released,
          error: errorColumn(refusal),
          metadata,
          late_check_at: now + settings.lateCheckSeconds,
        };
        if (!(await transition(db, idOf(row), 'SUBMITTED', 'EXPIRED', fields))) return null;
        const details = { error: token, txHash: row.tx_hash, ...evidence };
        await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
        return after(db, row);
      }),

    cancelled: (row, refusal) =>
      storage.write(async ({ db }) => {
        if (row.status !== 'PENDING' && row.status !== 'QUEUED') return null;
        const now = unixSeconds(clock);
        const metadata = await metadataOf(db, row, { refusal });
        const fields = { ...released, error: errorColumn(refusal), metadata };
        if (!(await transition(db, idOf(row), row.status, 'CANCELLED', fields))) return null;
        const details = { reason: refusal.token };
        await appendAudit(db, now, { event: 'TX_CANCELLED', actor: 'system', ...subject(row), details });
        return after(db, row);
      }),

    approvalExpired: (id) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const row = await findTransaction(db, id);
        // Expired from the deadline on, never before it.
        if (
          row === undefined ||
          row.tier !== 'APPROVAL' ||
          row.approval_expires_at === null ||
          now < row.approval_expires_at
        )
          return null;
        const metadata = mergeMetadata(row, { refusal: APPROVAL_TIMEOUT });
        const fields = { ...released, error: errorColumn(APPROVAL_TIMEOUT), metadata };
        if (!(await transition(db, id, 'QUEUED', 'EXPIRED', fields))) return null;
        const details = { error: 'APPROVAL_TIMEOUT' };
        await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
        return after(db, row);
      }),

    lateChecked: (row, landed) =>
      storage.write(async ({ db }) => {
        if (!(await clearLateCheck(db, idOf(row)))) return;
        if (landed === null) return;
        const now = unixSeconds(clock);
        // The state stays terminal, but the money is gone: it counts towards every cap from now on (04 §6.6).
        await settleSpend(db, row);
        const details = { txHash: row.tx_hash, status: row.status, amount: row.amount, ...landingFields(landed) };
        await appendAudit(db, now, { event: 'TX_LATE_LANDING', actor: 'system', ...subject(row), details });
      }),
  };
}
