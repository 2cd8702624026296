import { transactionId, unixSeconds } from '@waiaas/core';
import {
  appendAudit,
  listByStatus,
  listOverdueApprovals,
  listQueuedOfTier,
  type TransactionRow,
} from '@waiaas/storage';
import type { Claims } from './claim.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { Refusal } from './refusal.ts';
import type { Settlement } from './settlement.ts';

/** What a start found left over from the last run. */
export interface RecoveryReport {
  /** Rows that were never admitted, or admitted and never begun. */
  readonly cancelled: number;
  /** Rows that were begun but not sent. */
  readonly failed: number;
  /** Approvals whose deadline passed while the daemon was down, and delayed payments that are too old. */
  readonly expired: number;
  /** Delayed payments that came due while the daemon was down: they wait a little, so that the owner can still stop them. */
  readonly postponed: number;
  /** Rows that may have been sent: to be followed until the chain tells. */
  readonly followed: readonly TransactionRow[];
}

/** How late a delayed payment may be, seconds; after a day nobody can be presumed to want it still (04 §20). */
const QUEUE_TIMEOUT = 86_400;
/** How long a payment that came due during the downtime waits for a veto, seconds (04 §20). */
const VETO_SECONDS = 60;
const RESTARTED: Refusal = {
  code: 'CHAIN_ERROR',
  token: 'DAEMON_RESTARTED',
  message: 'The daemon was restarted before the payment was sent; nothing was paid.',
  retryable: true,
};

/**
 * What becomes of delayed payments that came due up to a moment in which nobody could stop them: each waits another minute
 * from now on; more than a day late, it expires (04 §20).
 *
 * @param until Unix seconds
 */
export async function giveTimeForAVeto(
  dependencies: Pick<PipelineDependencies, 'storage' | 'clock'> & {
    readonly claims: Pick<Claims, 'postpone' | 'timeOut'>;
  },
  until: number,
): Promise<{ readonly expired: number; readonly postponed: number }> {
  const { storage, clock, claims } = dependencies;
  let expired = 0;
  let postponed = 0;
  for (const row of await listQueuedOfTier(storage.read, 'DELAY')) {
    const due = row.execute_after ?? until;
    if (due > until) continue;
    if (unixSeconds(clock) - due > QUEUE_TIMEOUT) {
      if ((await claims.timeOut(row)) !== null) expired += 1;
    } else {
      await claims.postpone(row, unixSeconds(clock) + VETO_SECONDS);
      postponed += 1;
    }
  }
  return { expired, postponed };
}

/**
 * Start-up recovery, after the database is open and before anything is served (04 §20). Whatever may have reached the
 * network is followed, whatever cannot have is ended; nothing is signed here.
 *
 * - PENDING, and INSTANT or NOTIFY left in QUEUED: no request survives a restart, so they are cancelled.
 * - QUEUED APPROVAL stays as it is, unless its deadline has passed.
 * - QUEUED DELAY that came due while nobody could stop it waits another minute; more than a day late, it expires.
 * - EXECUTING without a hash: nothing was recorded for broadcast, so nothing was sent. Failed, never begun again.
 * - EXECUTING with a hash: it may have been sent. Its outcome is unknown, which is what SUBMITTED means.
 * - SUBMITTED: followed on.
 */
export async function recover(
  dependencies: Pick<PipelineDependencies, 'storage' | 'clock' | 'logger'> & {
    readonly settlement: Settlement;
    readonly claims: Pick<Claims, 'postpone' | 'timeOut'>;
  },
): Promise<RecoveryReport> {
  const { storage, clock, logger, settlement } = dependencies;
  let cancelled = 0;
  let failed = 0;
  let expired = 0;
  let postponed = 0;
  const followed: TransactionRow[] = [];

  for (const row of await listByStatus(storage.read, 'PENDING')) {
    if ((await settlement.cancelled(row, RESTARTED)) !== null) cancelled += 1;
  }
  for (const row of await listByStatus(storage.read, 'QUEUED')) {
    if (row.tier === 'DELAY' || row.tier === 'APPROVAL') continue;
    if ((await settlement.cancelled(row, RESTARTED)) !== null) cancelled += 1;
  }
  for (const { id } of await listOverdueApprovals(storage.read, unixSeconds(clock))) {
    if ((await settlement.approvalExpired(transactionId(id))) !== null) expired += 1;
  }
  const overdue = await giveTimeForAVeto(dependencies, unixSeconds(clock));
  expired += overdue.expired;
  postponed += overdue.postponed;
  for (const row of await listByStatus(storage.read, 'EXECUTING')) {
    if (row.tx_hash === null) {
      if ((await settlement.failedBeforeLanding(row, RESTARTED)) !== null) failed += 1;
    } else {
      await settlement.submitted(row, { ambiguous: true, recovered: true });
    }
  }
  followed.push(...(await listByStatus(storage.read, 'SUBMITTED')));

  const report = { cancelled, failed, expired, postponed, followed };
  const found = { cancelled, failed, expired, postponed, followed: followed.map((row) => row.id) };
  if (cancelled + failed + expired + postponed + followed.length > 0) {
    logger.warn(found, 'Took up what the last run left behind');
    await storage.write(({ db }) =>
      appendAudit(db, unixSeconds(clock), {
        event: 'DAEMON_RECOVERED',
        actor: 'system',
        details: found,
        severity: 'warning',
      }),
    );
  }
  return report;
}
