import { isWaiaasError } from '@waiaas/core';
import { type AuthenticTransaction, findTransaction, type TransactionRow } from '@waiaas/storage';
import { createAuthenticRow } from './authentic-row.ts';
import type { PipelineDependencies } from './dependencies.ts';

/**
 * Does something with each of some rows, as far as they are what the daemon wrote. A row that is not is reported, once; one
 * whose work fails is logged. Neither keeps the others from their turn (04 §15). Answers how many are to be tried again.
 */
export type EachRow = (
  rows: readonly TransactionRow[],
  work: (row: AuthenticTransaction) => Promise<unknown>,
) => Promise<number>;

/** Makes it. */
export function createEachRow(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock' | 'logger'>,
): EachRow {
  const { storage, logger } = dependencies;
  const authentic = createAuthenticRow(dependencies);
  return async (rows, work) => {
    let failed = 0;
    for (const [index, found] of rows.entries()) {
      try {
        const present = await findTransaction(storage.read, found.id);
        // Another hand has moved it on since the rows were listed, and does with it what is to be done.
        if (present?.state_seal !== found.state_seal) continue;
        const row = await authentic(present);
        if (row?.state_seal === found.state_seal) await work(row);
      } catch (error) {
        if (isWaiaasError(error, 'KEYSTORE_LOCKED')) {
          logger.warn({ rows: rows.length }, 'Payments are left as they are until the vault is opened');
          return failed + rows.length - index;
        }
        failed += 1;
        logger.error({ txId: found.id, error: String(error) }, 'A payment could not be taken up; the others go on');
      }
    }
    return failed;
  };
}
