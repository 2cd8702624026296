import { type ConfirmationOptions, unixSeconds } from '@waiaas/core';
import { type AuthenticTransaction, hashesOf, listLateChecks, nonceOf } from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';
import type { EachRow } from './each-row.ts';
import { adapterOf, readExecutable } from './executable.ts';
import type { Settlement } from './settlement.ts';
import type { Shutdown } from './shutdown.ts';

/** Payments that are read at a time to be looked up once more. */
const LATE_CHECKS = 100;

/** How one of the transactions of a row that has ended is looked up: once, and by what proves that it cannot land. */
function oneLook(
  { sealer }: Pick<PipelineDependencies, 'sealer'>,
  row: AuthenticTransaction,
): ConfirmationOptions & { readonly timeoutMs: 0 } {
  const nonce = nonceOf(row);
  const from = nonce === null ? undefined : readExecutable(sealer, row)?.transfer.from;
  return {
    timeoutMs: 0,
    ...(row.last_valid_block_height === null ? {} : { lastValidBlockHeight: BigInt(row.last_valid_block_height) }),
    ...(nonce === null || from === undefined ? {} : { place: { from, nonce } }),
  };
}

/**
 * Whether a row that has ended says by itself that nothing of it can land: it is EXPIRED, which was proven, and neither its last
 * block nor its nonce was kept to prove it again, as by earlier versions.
 */
const isOverBefore = (row: AuthenticTransaction): boolean =>
  row.status === 'EXPIRED' && row.last_valid_block_height === null && nonceOf(row) === null;

/**
 * Looks a transaction up that ended without landing (04 §6.6): one that turns up after all counts towards the caps, as soon as it
 * would be called confirmed, and is reported as critical. It is looked up until it is proven that it cannot land: a node that has
 * refused it may have kept the bytes, and one that has said that it failed may have made that up, to hand it on later. So the word
 * of all endpoints counts, as for a verdict. A look-up that fails is made again at the next run.
 */
const createLateCheck =
  (dependencies: Pick<PipelineDependencies, 'adapters' | 'sealer'> & { readonly settlement: Settlement }) =>
  async (row: AuthenticTransaction): Promise<void> => {
    const adapter = adapterOf(dependencies, row);
    if (row.tx_hash === null || adapter === undefined || !adapter.isConnected()) return;
    const { settlement } = dependencies;
    const look = oneLook(dependencies, row);
    const hashes = hashesOf(row);
    let over = 0;
    for (const txHash of hashes) {
      const verdict = await adapter.waitForConfirmation(txHash, look);
      if (verdict.verdict === 'confirmed') {
        const { blockNumber, fee } = verdict;
        const landing = {
          blockNumber,
          ...(fee === undefined ? {} : { fee }),
          ...(row.variants === null ? {} : { txHash }),
        };
        return settlement.lateChecked(row, landing);
      }
      if (verdict.verdict !== 'unknown') over += 1;
      // Not deep enough yet, whichever it is: the next run looks again.
      if (verdict.verdict === 'unknown' && (await adapter.getTransactionStatus(txHash)).state === 'landed') return;
    }
    // Each by itself: what one endpoint has made up of one of them proves nothing of the others.
    const isOver = over === hashes.length || isOverBefore(row);
    if (isOver) await settlement.lateChecked(row, null);
    else await settlement.lateCheckAgain(row);
  };

/** Makes a round that looks up everything which ended without landing and is due. */
export function createLateChecks(
  dependencies: Pick<PipelineDependencies, 'storage' | 'adapters' | 'sealer' | 'clock'> & {
    readonly settlement: Settlement;
    readonly eachRow: EachRow;
    readonly shutdown: Shutdown;
  },
): () => Promise<void> {
  const { storage, clock, eachRow, shutdown } = dependencies;
  const checkLateLanding = createLateCheck(dependencies);
  return async () => {
    const now = unixSeconds(clock);
    // Those that cannot be looked up now stay due: others are not to wait behind them.
    for (let after = ''; !shutdown.isStopping; ) {
      const page = await listLateChecks(storage.read, now, LATE_CHECKS, after);
      await eachRow(page, checkLateLanding);
      const last = page.at(-1);
      if (last === undefined || page.length < LATE_CHECKS) return;
      after = last.id;
    }
  };
}
