import { unixSeconds } from '@waiaas/core';
import { listByStatus, listLiveRecalls } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import type { EachRow } from './each-row.ts';
import { isStoppedSinceSigned, markLeftByStop } from './left-by-stop.ts';
import type { RecallsUnderWay } from './recall/recalls.ts';
import type { Refusal } from './refusal.ts';
import type { Settlement } from './settlement.ts';
import type { WorkUnderWay } from './work-under-way.ts';

/** Age at which a row that nobody works on is taken up, seconds (04 §24). */
const ZOMBIE_SECONDS = 900;
const RESERVATION_TIMEOUT: Refusal = { code: 'CHAIN_ERROR', token: 'RESERVATION_TIMEOUT', retryable: true };

/**
 * Makes a round that takes up rows and recalls which nobody works on any more: a commit whose answer was lost leaves one behind.
 * What this process works on is left to whoever does.
 */
export function createAbandonedWork(
  dependencies: Pick<PipelineDependencies, 'storage' | 'clock'> & {
    readonly settlement: Settlement;
    readonly eachRow: EachRow;
    readonly work: Pick<WorkUnderWay, 'endOf' | 'follow' | 'resolve'>;
    readonly recallsUnderWay: Pick<RecallsUnderWay, 'start'>;
  },
): () => Promise<void> {
  const { storage, clock, settlement, eachRow, work, recallsUnderWay } = dependencies;
  return async () => {
    const stale = unixSeconds(clock) - ZOMBIE_SECONDS;
    await eachRow(await listByStatus(storage.read, 'PENDING'), async (row) => {
      if (row.created_at <= stale) await settlement.cancelled(row, RESERVATION_TIMEOUT);
    });
    await eachRow(await listByStatus(storage.read, 'EXECUTING'), async (row) => {
      // What a stop has met on its way out is as good as sent, whatever it still waits for.
      if (row.tx_hash !== null && (await isStoppedSinceSigned(storage.read, row))) {
        await settlement.submitted(row, { ambiguous: true, recovered: true });
      } else if (work.endOf(row.id) === undefined && (row.claimed_at ?? row.created_at) <= stale) work.resolve(row);
    });
    await eachRow(await listByStatus(storage.read, 'SUBMITTED'), async (found) => {
      // Before anything is signed again: what is left to itself keeps its nonce from nobody.
      const row = await markLeftByStop({ storage, settlement }, found);
      if (work.endOf(row.id) === undefined) work.follow(row);
    });
    for (const { id } of await listLiveRecalls(storage.read)) recallsUnderWay.start(id);
  };
}
