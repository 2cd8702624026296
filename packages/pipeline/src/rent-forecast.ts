import { type Intent, isAccountOpener, isChainError, unixSeconds } from '@waiaas/core';
import type { TransactionRow } from '@waiaas/storage';
import { accountRentObjection } from './account-rent.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { Refusal } from './refusal.ts';

/** What a payment would put into an account it opens for its recipient. */
export interface RentForecast {
  /** Base units of the native asset; greater than zero. */
  readonly amount: bigint;
  /** Why it may not be opened now; null when it may. */
  readonly objection: Refusal | null;
}

/**
 * What a payment that is allowed would put into an account of its recipient; null when nothing, or when nobody can say.
 * @param row that of the payment as it was admitted
 */
export type RentForecaster = (payment: Intent, row: TransactionRow) => Promise<RentForecast | null>;

/** Makes what tells it, by the rule that execution asks. */
export function createRentForecaster({
  storage,
  adapters,
  sealer,
  clock,
  logger,
  settings,
}: Pick<PipelineDependencies, 'storage' | 'adapters' | 'sealer' | 'clock' | 'logger' | 'settings'>): RentForecaster {
  return async (payment, row) => {
    const { chain, network, from, to, amount, token } = payment;
    const adapter = adapters.find(chain, network);
    if (row.status === 'CANCELLED' || token === null || adapter === undefined || !isAccountOpener(adapter)) return null;
    try {
      const rent = await adapter.quoteAccountRent({ from, to, amount, token });
      if (rent === 0n) return null;
      const rule = { sealer, maxDaily: settings.maxAccountRentDaily };
      return { amount: rent, objection: await accountRentObjection(storage.read, rule, row, rent, unixSeconds(clock)) };
    } catch (error) {
      if (!isChainError(error)) throw error;
      logger.debug({ chain, network, error: String(error) }, 'What opening an account would take could not be read');
      return null;
    }
  };
}
