import type { TransactionRow } from '@waiaas/storage';
import { readIntent } from './admission.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { FREE_PASSAGE, type NetworkBreakers, type Passage } from './network-breaker.ts';

/**
 * What a payment that waits needs of its network before it leaves the queue. One that is not authentic goes nowhere, and is told
 * nothing here: its claim refuses it.
 */
export interface QueuedPassages {
  /** Whether the chain of a queued payment can be reached. */
  isReachable(row: TransactionRow): boolean;
  /** Leave to carry a queued payment out. @throws WaiaasError CIRCUIT_OPEN */
  passageOf(row: TransactionRow): Promise<Passage>;
}

/** Makes it. */
export function createQueuedPassages({
  adapters,
  sealer,
  breakers,
}: Pick<PipelineDependencies, 'adapters' | 'sealer'> & { readonly breakers: NetworkBreakers }): QueuedPassages {
  return {
    isReachable(row) {
      const stored = readIntent(sealer, row);
      if (stored === null) return true;
      const { chain, network } = stored.intent;
      return adapters.find(chain, network)?.isConnected() === true;
    },
    async passageOf(row) {
      const stored = readIntent(sealer, row);
      return stored === null ? FREE_PASSAGE : breakers.enter(stored.intent);
    },
  };
}
