import { isWaiaasError, secondsUp, transactionId, unixSeconds } from '@waiaas/core';
import { findRecentRestore, OF_RESTORED_BACKUP } from '@waiaas/safety';
import {
  type AuthenticTransaction,
  appendAudit,
  findAuditOf,
  listByStatus,
  listOverdueApprovals,
  listQueuedOfTier,
  renewHeads,
  type TransactionRow,
} from '@waiaas/storage';
import type { Claims } from './claim.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { EachRow } from './each-row.ts';
import { RESTARTED } from './executor.ts';
import { markLeftByStop } from './left-by-stop.ts';
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
  readonly followed: readonly AuthenticTransaction[];
}

/** How late a delayed payment may be, seconds; after a day nobody can be presumed to want it still (04 §20). */
const QUEUE_TIMEOUT = 86_400;
/** How long a payment that came due during the downtime waits for a veto, seconds: no more than any delay (04 §20). */
const VETO_SECONDS = 60;

/**
 * Makes what tells whether a backup was put back since a payment was asked for, as the audit log has it: then it may have been
 * paid after the backup was made, and nothing of that is on record. Whether one was put back at all is looked up once.
 */
function createBackupCheck({
  storage,
  sealer,
}: Pick<PipelineDependencies, 'storage' | 'sealer'>): (row: Pick<TransactionRow, 'id'>) => Promise<boolean> {
  let restored: number | undefined;
  return async ({ id }) => {
    restored ??= (await findRecentRestore(storage.read, sealer))?.id ?? 0;
    if (restored === 0) return false;
    const asked = await findAuditOf(storage.read, 'TX_REQUESTED', id);
    return (asked?.id ?? 0) < restored;
  };
}

/**
 * Whether a delayed payment would be carried out before anybody had time to stop it: it came due while nobody could, or does
 * so within a minute after that, having waited since before (04 §20).
 *
 * @param awake since when somebody can, Unix seconds, rounded up: what was queued in that very second waits a minute anyway
 */
export const lacksVeto = (
  { execute_after: due, queued_at: queued }: Pick<TransactionRow, 'execute_after' | 'queued_at'>,
  awake: number,
): boolean => due !== null && (due <= awake || (due < awake + VETO_SECONDS && (queued ?? 0) < awake));

/**
 * What becomes of delayed payments that nobody could stop, up to a moment: each waits another minute from now on; more than
 * a day late, it expires (04 §20).
 *
 * @param until Unix seconds, rounded up
 */
export async function giveTimeForAVeto(
  dependencies: Pick<PipelineDependencies, 'storage' | 'clock'> & {
    readonly claims: Pick<Claims, 'postpone' | 'timeOut'>;
    readonly eachRow: EachRow;
  },
  until: number,
): Promise<{ readonly expired: number; readonly postponed: number; readonly failed: number }> {
  const { storage, clock, claims, eachRow } = dependencies;
  let expired = 0;
  let postponed = 0;
  const failed = await eachRow(await listQueuedOfTier(storage.read, 'DELAY'), async (row) => {
    if (!lacksVeto(row, until)) return;
    if (unixSeconds(clock) - (row.execute_after ?? until) > QUEUE_TIMEOUT) {
      if ((await claims.timeOut(row)) !== null) expired += 1;
    } else if ((await claims.postpone(row, secondsUp(clock.now()) + VETO_SECONDS)) !== null) postponed += 1;
  });
  return { expired, postponed, failed };
}

/**
 * Meets the heads of all agents: what cannot be believed is reported. Not while the seals cannot be checked. Where nothing is
 * stopped and nobody else has touched the end of the audit log, the next start reads it from here.
 */
export async function meetHeads(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'gate' | 'clock' | 'logger'>,
): Promise<void> {
  const { storage, sealer, gate, clock, logger } = dependencies;
  try {
    await storage.write(({ db }) => {
      const isSound = gate.isOpen && storage.isAuditIntact();
      return renewHeads(db, sealer, unixSeconds(clock), isSound);
    });
  } catch (error) {
    if (!isWaiaasError(error, 'KEYSTORE_LOCKED')) throw error;
    logger.warn({}, 'What is stored of the agents is not checked until the vault is opened');
  }
}

/**
 * Start-up recovery, after the database is open and before anything is served (04 §20). Whatever may have reached the
 * network is followed, whatever cannot have is ended; nothing is signed here.
 *
 * - PENDING, and INSTANT or NOTIFY left in QUEUED: no request survives a restart, so they are cancelled.
 * - QUEUED APPROVAL stays as it is, unless its deadline has passed.
 * - QUEUED DELAY that came due while nobody could stop it, or is about to, waits another minute; more than a day late, it
 *   expires.
 * - EXECUTING without a hash: nothing was recorded for broadcast, so nothing was sent. Failed, never begun again.
 * - EXECUTING with a hash: it may have been sent. Its outcome is unknown, which is what SUBMITTED means.
 * - SUBMITTED: followed on.
 *
 * What a backup that was put back has as waiting or begun ends in any case: it may have been paid since.
 *
 * Rows that are not what the daemon wrote are left as they are, and so are all while the seals cannot be checked; one row
 * that cannot be taken up does not keep the others from it.
 */
export async function recover(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'gate' | 'clock' | 'logger'> & {
    readonly settlement: Settlement;
    readonly claims: Pick<Claims, 'postpone' | 'timeOut'>;
    readonly eachRow: EachRow;
  },
): Promise<RecoveryReport> {
  const { storage, clock, logger, settlement, eachRow } = dependencies;
  let cancelled = 0;
  let failed = 0;
  let expired = 0;
  let postponed = 0;
  const followed: AuthenticTransaction[] = [];

  const isOfBackup = createBackupCheck(dependencies);
  const cancel = async (row: AuthenticTransaction): Promise<void> => {
    const why = (await isOfBackup(row)) ? OF_RESTORED_BACKUP : RESTARTED;
    if ((await settlement.cancelled(row, why)) !== null) cancelled += 1;
  };
  await meetHeads(dependencies);
  await eachRow(await listByStatus(storage.read, 'PENDING'), cancel);
  await eachRow(await listByStatus(storage.read, 'QUEUED'), async (row) => {
    const waits = row.tier === 'DELAY' || row.tier === 'APPROVAL';
    if (!waits || (await isOfBackup(row))) await cancel(row);
  });
  await eachRow(await listOverdueApprovals(storage.read, unixSeconds(clock)), async ({ id }) => {
    if ((await settlement.approvalExpired(transactionId(id))) !== null) expired += 1;
  });
  const overdue = await giveTimeForAVeto(dependencies, secondsUp(clock.now()));
  expired += overdue.expired;
  postponed += overdue.postponed;
  await eachRow(await listByStatus(storage.read, 'EXECUTING'), async (row) => {
    if (row.tx_hash !== null) await settlement.submitted(row, { ambiguous: true, recovered: true });
    else {
      const why = (await isOfBackup(row)) ? OF_RESTORED_BACKUP : RESTARTED;
      if ((await settlement.failedBeforeLanding(row, why)) !== null) failed += 1;
    }
  });
  await eachRow(
    await listByStatus(storage.read, 'SUBMITTED'),
    async (row) =>
      // Before anything is signed again: what is left to itself keeps its nonce from nobody.
      void followed.push(await markLeftByStop({ storage, settlement }, row)),
  );

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
