import type { Intent } from '@waiaas/core';
import type { PipelineDependencies } from './dependencies.ts';
import { balanceOfAsset } from './tokens.ts';

/** What an agent holds of what it pays, base units; null when the chain cannot tell. Never rejects. */
export type BalanceReader = (payment: Pick<Intent, 'chain' | 'network' | 'from' | 'token'>) => Promise<bigint | null>;

/** Makes what reads the balance where a rule asks for it. */
export function createBalanceReader({
  adapters,
  logger,
}: Pick<PipelineDependencies, 'adapters' | 'logger'>): BalanceReader {
  return async (payment) => {
    const { chain, network } = payment;
    try {
      const adapter = adapters.find(chain, network);
      return adapter === undefined ? null : await balanceOfAsset(adapter, payment);
    } catch (error) {
      logger.warn({ chain, network, error: String(error) }, 'A balance that a rule asks for could not be read');
      return null;
    }
  };
}
