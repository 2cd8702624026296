import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, type Logger, unixSeconds } from '@waiaas/core';
import type { KeystoreParts } from '@waiaas/keystore';
import { checkSpendLedger, reportBrokenLedger, type Storage } from '@waiaas/storage';
import { reasonOf } from './reason-of.ts';

/** What the proof of the ledger works with. */
export interface LedgerProof {
  readonly storage: Storage;
  readonly keystore: KeystoreParts['keystore'];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Gives the proof up. */
  readonly signal: AbortSignal;
}

/**
 * Recomputes what was spent, beside the first requests: what was changed in the past shows (00 §3). Settles, never rejects;
 * a locked keystore proves nothing.
 */
export async function proveLedger({ storage, keystore, clock, logger, signal }: LedgerProof): Promise<void> {
  if (!keystore.isUnlocked) return;
  try {
    const pause = (): Promise<void> => nextTurn(undefined, { signal });
    const faults = await checkSpendLedger(storage.read, keystore.sealer, pause);
    if (faults.length > 0) logger.error({ faults: faults.slice(0, 10) }, 'The ledger of what was spent is not whole');
    const ledgers = new Map(faults.map((fault) => [`${fault.agentId} ${fault.asset}`, fault]));
    for (const { agentId, asset } of ledgers.values()) {
      await storage.write(({ db }) => reportBrokenLedger(db, agentId, asset, unixSeconds(clock)));
    }
  } catch (error) {
    if (!signal.aborted) logger.error({ error: reasonOf(error) }, 'The ledger could not be checked');
  }
}
