import { unixSeconds } from '@waiaas/core';
import {
  type AuthenticTransaction,
  authenticate,
  authenticTransaction,
  findTransaction,
  type TransactionRow,
} from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';

/**
 * A row as one that may be acted upon, or told of, in the state it is in by then; null, and reported, when it is not what the
 * daemon wrote.
 * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
 */
export type AuthenticRow = (row: TransactionRow) => Promise<AuthenticTransaction | null>;

/** Makes it. */
export function createAuthenticRow({
  storage,
  sealer,
  clock,
}: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock'>): AuthenticRow {
  return async (row) => {
    const found = await authenticTransaction(storage.read, sealer, row);
    if (found !== null) return found;
    // One that has moved on since it was read looks like one that was put back. In a unit of work nothing moves.
    return storage.write(async ({ db }) => {
      const present = await findTransaction(db, row.id);
      return present === undefined ? null : authenticate(db, sealer, present, unixSeconds(clock));
    });
  };
}
