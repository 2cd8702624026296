import {
  assetId,
  agentId as brandAgentId,
  isoTime,
  nativeAssetId,
  type SignedVariant,
  secondsUp,
  type TransactionId,
  unixSeconds,
} from '@waiaas/core';
import { paymentInMessage } from '@waiaas/management';
import {
  type AuthenticTransaction,
  addSessionUsage,
  appendAudit,
  appendSpend,
  authenticate,
  clearLateCheck,
  type Db,
  findTransaction,
  hashesOf,
  isOfAnotherRow,
  mergeMetadata,
  postponeLateCheck,
  recordBroadcast,
  recordVariant,
  reportBrokenSession,
  type Storage,
  transition,
  type UnitOfWork,
  variantsAtEnd,
  watchOnly,
} from '@waiaas/storage';
import { accountRentObjection, countRent } from './account-rent.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { isStoppedSinceSigned } from './left-by-stop.ts';
import { errorColumn, type Refusal } from './refusal.ts';

/** What is known of a landed transaction. */
export interface Landing {
  readonly blockNumber: bigint;
  readonly fee?: bigint;
  /**
   * Which variant it was; absent where there is only one. One that is not on record was signed after a backup was made that has been
   * put back since: the payment is made by it all the same, unless it is another payment's.
   */
  readonly txHash?: string;
}

const landingFields = (landing: Landing) => ({
  blockNumber: landing.blockNumber,
  ...(landing.fee === undefined ? {} : { fee: landing.fee.toString() }),
});

/** What has landed has the nonce of what did not, for good. */
const proofBy = ({ blockNumber }: Landing) => ({ finalizedBlockHeight: blockNumber });

/**
 * The units of work after admission: T4 to T7 and T9 of 04 §3. Each is a compare-and-set with its audit row; the release
 * or settlement of the reservation is part of the transition, never a step of its own. They take a row in the state that
 * was sealed last and answer it in the next one, or null when another hand was faster: then nothing was done and nothing
 * must follow.
 */
export interface Settlement {
  /**
   * T4: what is about to be sent. Null or a refusal: nothing may be sent.
   * @param effects what it puts into an account opened for the recipient, base units of the native asset; and hashes of what it takes
   *   the place of
   */
  recordBroadcast(
    row: AuthenticTransaction,
    signed: { txHash: string; bytes: Uint8Array; lastValidBlockHeight?: bigint; nonce?: bigint },
    effects: { readonly accountRent: bigint; readonly displaces: readonly string[] },
  ): Promise<{ readonly recorded: AuthenticTransaction } | { readonly refusal: Refusal } | null>;
  /** T5: sent, or possibly sent; what the kill switch met in between is from then on watched, and never sent again. */
  submitted(
    row: AuthenticTransaction,
    how: { ambiguous: boolean; recovered?: boolean },
  ): Promise<AuthenticTransaction | null>;
  /**
   * What is about to be sent in the place of what was sent before. Null: it must not be sent.
   * @param maxFee most that it may cost, base units of the native asset
   */
  recordReplacement(
    row: AuthenticTransaction,
    signed: SignedVariant,
    maxFee: bigint,
  ): Promise<AuthenticTransaction | null>;
  /** What was sent is watched from now on, and never sent again. */
  watchedOnly(row: AuthenticTransaction): Promise<AuthenticTransaction | null>;
  /** T6: the chain executed it. */
  confirmed(row: AuthenticTransaction, landing: Landing): Promise<AuthenticTransaction | null>;
  /** T7 from EXECUTING, or from SUBMITTED where an adapter has given it up since: known not to have been taken by the network. */
  failedBeforeLanding(
    row: AuthenticTransaction,
    refusal: Refusal,
    extra?: Readonly<Record<string, unknown>>,
  ): Promise<AuthenticTransaction | null>;
  /** T7 from SUBMITTED: the chain executed it and it failed. */
  failedOnChain(row: AuthenticTransaction, refusal: Refusal, landing: Landing): Promise<AuthenticTransaction | null>;
  /** T7 from SUBMITTED: proven that it can no longer land. */
  expired(row: AuthenticTransaction, proof: { finalizedBlockHeight: bigint }): Promise<AuthenticTransaction | null>;
  /** System cancellation of a row that was never carried out. */
  cancelled(row: AuthenticTransaction, refusal: Refusal): Promise<AuthenticTransaction | null>;
  /** T9: nobody approved in time. */
  approvalExpired(id: TransactionId): Promise<AuthenticTransaction | null>;
  /** The last look-up of a transaction that had ended: `landed` when it turned up after all. */
  lateChecked(row: AuthenticTransaction, landed: Landing | null): Promise<void>;
  /** A look-up that has proven nothing: another one is made later, after ever longer pauses of a day at most. */
  lateCheckAgain(row: AuthenticTransaction): Promise<void>;
}

type Notify = UnitOfWork['notify'];

/** Tells the owner that a payment arrived; of small ones that need no say nothing is told (04 §21). */
async function tellConfirmed(notify: Notify, { tier, tx_hash, ...row }: AuthenticTransaction): Promise<void> {
  if (tx_hash === null || tier === null || tier === 'INSTANT') return;
  const payment = paymentInMessage(row);
  if (payment === null) return;
  if (tier === 'DELAY') await notify({ event: 'TX_DELAY_EXECUTED', payment, txHash: tx_hash });
  else await notify({ event: 'TX_CONFIRMED', payment, tier, txHash: tx_hash });
}

/** Tells the owner that a payment failed: by the token alone, for what a node says is not ours to repeat. */
async function tellFailed(notify: Notify, row: AuthenticTransaction, { token }: Refusal): Promise<void> {
  const payment = paymentInMessage(row);
  if (payment !== null) await notify({ event: 'TX_FAILED', payment, code: token, txHash: row.tx_hash });
}

/** Longest pause between two look-ups of a transaction that was refused and may still land, seconds. */
const LONGEST_LATE_PAUSE = 86_400;

const APPROVAL_TIMEOUT: Refusal = { code: 'APPROVAL_TIMEOUT', token: 'APPROVAL_TIMEOUT' };

/** Makes the units of work after admission. */
export function createSettlement(
  dependencies: Pick<PipelineDependencies, 'clock' | 'sealer' | 'settings'> & {
    readonly storage: Pick<Storage, 'write'>;
  },
): Settlement {
  const { storage, clock, sealer, settings } = dependencies;
  const subject = (row: AuthenticTransaction) => ({
    agentId: row.agent_id,
    txId: row.id,
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  });
  const released = { reserved_amount: null, signed_tx: null } as const;
  /** The end of a transaction that was sent: by which variant, or by none. */
  const endOf = (row: AuthenticTransaction, landing: Landing | null) => ({
    ...released,
    ...variantsAtEnd(row, landing === null ? null : (landing.txHash ?? row.tx_hash)),
  });

  async function settleSpend(db: Db, row: AuthenticTransaction): Promise<void> {
    // What goes back to the owner is not spent.
    if (row.recall_id !== null) return;
    // Rounded up, so that a spend never leaves a window before its full time is over.
    const now = secondsUp(clock.now());
    const amount = BigInt(row.amount);
    const asset = assetId(row.asset);
    await appendSpend(db, sealer, {
      agentId: brandAgentId(row.agent_id),
      asset,
      txId: row.id,
      amount,
      now,
    });
    // A session's amounts are of the native asset; a token's base units are no part of them.
    const used = asset === nativeAssetId(row.chain) ? amount : 0n;
    const added = await addSessionUsage(db, sealer, row.session_id, used, isoTime(clock.now()));
    if (added || row.session_id === null) return;
    await reportBrokenSession(db, { id: row.session_id, agentId: row.agent_id, txId: row.id }, now);
  }

  /** T7 from SUBMITTED: nothing has landed, and nothing will. */
  async function expire(
    { db, notify }: Pick<UnitOfWork, 'db' | 'notify'>,
    row: AuthenticTransaction,
    proof: { readonly finalizedBlockHeight: bigint },
  ): Promise<AuthenticTransaction | null> {
    const now = unixSeconds(clock);
    // A transaction without a last block ends when another one has used its nonce.
    const token = row.last_valid_block_height === null ? 'NONCE_USED' : 'BLOCKHASH_EXPIRED';
    const refusal: Refusal = { code: 'TX_EXPIRED', token };
    const evidence = { ...proof, lastValidBlockHeight: row.last_valid_block_height };
    const fields = {
      ...endOf(row, null),
      error: errorColumn(refusal),
      metadata: mergeMetadata(row, { proof: evidence, refusal }),
      late_check_at: now + settings.lateCheckSeconds,
    };
    const ended = await transition(db, sealer, row, 'EXPIRED', fields);
    if (ended === null) return null;
    const details = { error: token, txHash: row.tx_hash, ...evidence };
    await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
    await tellFailed(notify, row, refusal);
    return ended;
  }

  /** Whether what has landed is on record, was lost from the record, or is that of another payment. */
  async function placeOf(
    db: Db,
    row: AuthenticTransaction,
    { txHash }: Landing,
  ): Promise<'recorded' | 'unrecorded' | 'of another'> {
    if (txHash === undefined || hashesOf(row).includes(txHash)) return 'recorded';
    return (await isOfAnotherRow(db, sealer, row, txHash)) ? 'of another' : 'unrecorded';
  }

  return {
    recordBroadcast: (row, signed, { accountRent, displaces }) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const rule = { sealer, maxDaily: settings.maxAccountRentDaily };
        const refusal = await accountRentObjection(db, rule, row, accountRent, now);
        if (refusal !== null) return { refusal };
        const recorded = await recordBroadcast(db, sealer, row, {
          txHash: signed.txHash,
          signedTx: signed.bytes,
          lastValidBlockHeight: signed.lastValidBlockHeight ?? null,
          ...(signed.nonce === undefined ? {} : { nonce: signed.nonce }),
          ...(accountRent === 0n ? {} : { accountRent }),
          ...(displaces.length === 0 ? {} : { displaces }),
        });
        if (recorded === null) return null;
        await countRent(db, rule, row, accountRent, now);
        const details = {
          txHash: signed.txHash,
          intentHash: row.intent_hash,
          ...(accountRent === 0n ? {} : { accountRent: accountRent.toString() }),
          ...(displaces.length === 0 ? {} : { displaces }),
        };
        await appendAudit(db, now, { event: 'TX_SIGNED', actor: 'system', ...subject(row), details });
        return { recorded };
      }),

    submitted: (row, how) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const isWatched = how.ambiguous && (await isStoppedSinceSigned(db, row));
        const mark = isWatched ? { watchedOnly: true } : {};
        const metadata = isWatched ? mergeMetadata(row, mark) : row.metadata;
        const sent = await transition(db, sealer, row, 'SUBMITTED', { submitted_at: now, metadata });
        if (sent === null) return null;
        const details = { txHash: sent.tx_hash, ...how, ...mark };
        await appendAudit(db, now, { event: 'TX_SUBMITTED', actor: 'system', ...subject(row), details });
        const payment = row.tier === 'NOTIFY' ? paymentInMessage(row) : null;
        if (payment !== null && sent.tx_hash !== null)
          await notify({ event: 'TX_NOTIFY', payment, txHash: sent.tx_hash });
        return sent;
      }),

    recordReplacement: (row, signed, maxFee) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const recorded = await recordVariant(db, sealer, row, signed, now);
        if (recorded === null) return null;
        const details = {
          txHash: signed.txHash,
          replaces: row.tx_hash,
          intentHash: row.intent_hash,
          maxFee: maxFee.toString(),
        };
        await appendAudit(db, now, { event: 'TX_REPLACED', actor: 'system', ...subject(row), details });
        return recorded;
      }),

    watchedOnly: (row) =>
      storage.write(async ({ db }) => {
        const watched = await watchOnly(db, sealer, row);
        if (watched === null) return null;
        const details = { txHash: watched.tx_hash, reason: 'KILL_SWITCH' };
        await appendAudit(db, unixSeconds(clock), {
          ...{ event: 'TX_WATCHED_ONLY', actor: 'system', severity: 'warning' },
          ...subject(row),
          details,
        });
        return watched;
      }),

    confirmed: (row, landing) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const place = await placeOf(db, row, landing);
        if (place === 'of another') return expire({ db, notify }, row, proofBy(landing));
        const fields = {
          ...endOf(row, landing),
          executed_at: now,
          metadata: mergeMetadata(row, landingFields(landing)),
        };
        const paid = await transition(db, sealer, row, 'CONFIRMED', fields);
        if (paid === null) return null;
        await settleSpend(db, row);
        const details = {
          txHash: paid.tx_hash,
          amount: row.amount,
          asset: row.asset,
          ...landingFields(landing),
          ...(place === 'recorded' ? {} : { unrecorded: true }),
        };
        await appendAudit(db, now, { event: 'TX_CONFIRMED', actor: 'system', ...subject(row), details });
        await tellConfirmed(notify, paid);
        return paid;
      }),

    failedBeforeLanding: (row, refusal, extra = {}) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const metadata = mergeMetadata(row, { ...extra, refusal });
        const error = errorColumn(refusal);
        // Signed bytes that the network refused are looked up once more, in case it took them after all.
        const late_check_at = row.tx_hash === null ? null : now + settings.lateCheckSeconds;
        const failed = await transition(db, sealer, row, 'FAILED', { ...released, error, metadata, late_check_at });
        if (failed === null) return null;
        await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details: { error } });
        await tellFailed(notify, row, refusal);
        return failed;
      }),

    failedOnChain: (row, refusal, landing) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const place = await placeOf(db, row, landing);
        if (place === 'of another') return expire({ db, notify }, row, proofBy(landing));
        const metadata = mergeMetadata(row, { ...landingFields(landing), refusal });
        const error = errorColumn(refusal);
        // Looked up once more, in case that whoever said so has made it up and hands it on later.
        const late_check_at = now + settings.lateCheckSeconds;
        const fields = { ...endOf(row, landing), error, metadata, late_check_at };
        const failed = await transition(db, sealer, row, 'FAILED', fields);
        if (failed === null) return null;
        const details = {
          error,
          txHash: failed.tx_hash,
          ...landingFields(landing),
          ...(place === 'recorded' ? {} : { unrecorded: true }),
        };
        await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
        await tellFailed(notify, failed, refusal);
        return failed;
      }),

    expired: (row, proof) => storage.write(({ db, notify }) => expire({ db, notify }, row, proof)),

    cancelled: (row, refusal) =>
      storage.write(async ({ db }) => {
        if (row.status !== 'PENDING' && row.status !== 'QUEUED') return null;
        const now = unixSeconds(clock);
        const fields = { ...released, error: errorColumn(refusal), metadata: mergeMetadata(row, { refusal }) };
        const ended = await transition(db, sealer, row, 'CANCELLED', fields);
        if (ended === null) return null;
        const details = { reason: refusal.token };
        await appendAudit(db, now, { event: 'TX_CANCELLED', actor: 'system', ...subject(row), details });
        return ended;
      }),

    approvalExpired: (id) =>
      storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        const found = await findTransaction(db, id);
        const row = found === undefined ? null : await authenticate(db, sealer, found, now);
        // Expired from the deadline on, never before it.
        if (
          row === null ||
          row.status !== 'QUEUED' ||
          row.tier !== 'APPROVAL' ||
          row.approval_expires_at === null ||
          now < row.approval_expires_at
        )
          return null;
        const metadata = mergeMetadata(row, { refusal: APPROVAL_TIMEOUT });
        const fields = { ...released, error: errorColumn(APPROVAL_TIMEOUT), metadata };
        const ended = await transition(db, sealer, row, 'EXPIRED', fields);
        if (ended === null) return null;
        const details = { error: 'APPROVAL_TIMEOUT' };
        await appendAudit(db, now, { event: 'TX_FAILED', actor: 'system', ...subject(row), details });
        const payment = paymentInMessage(row);
        if (payment !== null) await notify({ event: 'TX_APPROVAL_EXPIRED', payment, reason: 'timeout' });
        return ended;
      }),

    lateCheckAgain: (row) =>
      storage.write(async ({ db }) => {
        const now = unixSeconds(clock);
        const pause = Math.min(Math.max(now - row.created_at, settings.lateCheckSeconds), LONGEST_LATE_PAUSE);
        await postponeLateCheck(db, sealer, row, now + pause);
      }),

    lateChecked: (row, landed) =>
      storage.write(async ({ db, notify }) => {
        if ((await clearLateCheck(db, sealer, row)) === null) return;
        if (landed === null) return;
        const now = unixSeconds(clock);
        // The state stays terminal, but the money is gone: it counts towards every cap from now on (04 §6.6).
        await settleSpend(db, row);
        const txHash = landed.txHash ?? row.tx_hash;
        const details = { txHash, status: row.status, amount: row.amount, ...landingFields(landed) };
        await appendAudit(db, now, { event: 'TX_LATE_LANDING', actor: 'system', ...subject(row), details });
        const payment = paymentInMessage(row);
        if (payment !== null && txHash !== null) await notify({ event: 'TX_LATE_LANDING', payment, txHash });
      }),
  };
}
