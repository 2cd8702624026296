import { transactionId as brandTransactionId, isWaiaasError, secondsUp, unixSeconds } from '@waiaas/core';
import { listDueDelays, type TransactionRow } from '@waiaas/storage';
import type { Claims } from './claim.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { EachRow } from './each-row.ts';
import type { QueuedPassages } from './queued-passage.ts';
import { giveTimeForAVeto } from './recovery.ts';
import type { Shutdown } from './shutdown.ts';
import type { WorkUnderWay } from './work-under-way.ts';

/** Delayed payments that one round carries out at most; the rest come in the next. */
const DELAYED_BATCH = 100;
/** How long a delayed payment waits for a chain that cannot be reached, seconds; then it is tried, and fails (04 §19). */
const CHAIN_PATIENCE = 600;

/** Makes a round that carries out delayed payments whose time has come, as far as the owner had time to stop them (04 §19, §20). */
export function createDelayedPayments(
  dependencies: Pick<PipelineDependencies, 'storage' | 'gate' | 'clock' | 'watch' | 'logger'> & {
    readonly claims: Pick<Claims, 'claimDelayed' | 'postpone' | 'timeOut'>;
    readonly eachRow: EachRow;
    readonly passages: QueuedPassages;
    readonly work: Pick<WorkUnderWay, 'withPassage'>;
    readonly shutdown: Shutdown;
  },
): () => Promise<void> {
  const { storage, gate, clock, watch, logger, claims, passages, work, shutdown } = dependencies;
  /** Delayed payments that came due up to then had their time for a veto, Unix seconds. */
  let vetoedUntil = Number.NEGATIVE_INFINITY;

  /** Begins a delayed payment whose time has come; false when it was left as it was. */
  async function carryOutDue(due: TransactionRow, now: number): Promise<boolean> {
    try {
      if (!passages.isReachable(due) && now < (due.execute_after ?? now) + CHAIN_PATIENCE) return false;
      const claim = await work.withPassage(await passages.passageOf(due), async (handOver) => {
        const found = await claims.claimDelayed(brandTransactionId(due.id));
        if (found.kind === 'claimed') handOver(found.claim);
        return found;
      });
      if (claim.kind === 'cancelled') {
        logger.warn({ txId: due.id, error: claim.row.error }, 'A delayed payment is no longer allowed');
      }
      return claim.kind !== 'left';
    } catch (error) {
      // It waits for as long as its network is left alone.
      if (isWaiaasError(error, 'CIRCUIT_OPEN')) return false;
      // One row that cannot be taken up must not keep the others waiting.
      logger.error(
        { txId: due.id, error: String(error) },
        'A delayed payment could not be taken up; it is tried again',
      );
      return false;
    }
  }

  return async () => {
    const now = unixSeconds(clock);
    // While the kill switch is engaged nothing is begun; its cascade has cancelled what waited.
    if (shutdown.isStopping || !gate.isOpen) return;
    const awakeSince = secondsUp(watch.awakeSince);
    if (awakeSince !== vetoedUntil) {
      const veto = await giveTimeForAVeto(dependencies, awakeSince);
      const { postponed, expired } = veto;
      if (veto.failed === 0) vetoedUntil = awakeSince;
      if (postponed + expired > 0) {
        logger.warn({ postponed, expired }, 'Delayed payments came due while nobody could stop them');
      }
    }
    let begun = 0;
    // Those that cannot be carried out now do not count: others are not to wait behind them.
    for (let page = await listDueDelays(storage.read, now, DELAYED_BATCH); ; ) {
      for (const due of page) {
        if (shutdown.isStopping) return;
        if (begun < DELAYED_BATCH && (await carryOutDue(due, now))) begun += 1;
      }
      const last = page.at(-1);
      if (begun >= DELAYED_BATCH || last === undefined || page.length < DELAYED_BATCH) return;
      page = await listDueDelays(storage.read, now, DELAYED_BATCH, last);
    }
  };
}
