import type { IChainAdapter } from '@waiaas/core';
import { createFakeAdapter, FAULTS, type FakeLedger, type Fault, type VirtualTime } from '@waiaas/fake-chain';
import type { Life } from './incarnation.ts';
import type { Random } from './random.ts';

/** A transaction that the daemon has signed. */
export interface Signed {
  readonly to: string;
  readonly amount: bigint;
  readonly memo: string;
  readonly mint: string | null;
}

/** How the network is, and who watches it. */
export interface SimulatedNetwork {
  readonly ledger: FakeLedger;
  readonly time: VirtualTime;
  readonly random: Random;
  /** How many calls of a thousand go wrong. */
  readonly faultPerMille: () => number;
  /** Whether the node cannot be reached at all. */
  readonly isDown: () => boolean;
  readonly onFault: (fault: Fault) => void;
  /** Called for each transaction that is to land late or never. */
  readonly onFate: (hash: string, fate: 'late' | 'dropped') => void;
  readonly onSigned: (signed: Signed) => void;
}

/**
 * The fake chain, as far away as a network makes it: every call takes a random while on its way there and back, so that
 * the calls of many payments overtake one another; the daemon may die before, during and after each.
 */
export function createSimulatedChain(network: SimulatedNetwork, life: Life): IChainAdapter {
  const { ledger, time, random, faultPerMille, isDown, onFault, onFate, onSigned } = network;
  const inner = createFakeAdapter({
    ledger,
    landsAfter: random.int(0, 3),
    lifetime: 40,
    sleep: (ms) => time.sleep(ms),
    onTaken: (hash, fault) => {
      if (fault === 'late' || fault === 'dropped') onFate(hash, fault);
    },
    faults: () => {
      const fault = isDown() ? 'lost-request' : random.chance(faultPerMille()) ? random.pick(FAULTS) : undefined;
      if (fault !== undefined) onFault(fault);
      return fault;
    },
  });
  const travel = async (): Promise<void> => {
    await time.sleep(random.chance(50) ? random.int(1000, 20_000) : random.int(0, 400));
    await life.mayDie();
  };
  const far =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await travel();
      try {
        return await call(...args);
      } finally {
        await travel();
      }
    };
  return {
    ...inner,
    isConnected: () => !isDown() && inner.isConnected(),
    getBalance: far((address) => inner.getBalance(address)),
    buildTransaction: far((request) => inner.buildTransaction(request)),
    simulateTransaction: far((transaction) => inner.simulateTransaction(transaction)),
    async signTransaction(transaction, sign) {
      const signed = await inner.signTransaction(transaction, sign);
      const { to, amount, memo, token } = transaction.request;
      onSigned({ to, amount, memo: memo ?? '', mint: token?.address ?? null });
      return signed;
    },
    submitTransaction: far((transaction) => inner.submitTransaction(transaction)),
    getTransactionStatus: far((hash) => inner.getTransactionStatus(hash)),
    waitForConfirmation: far((hash, options) => inner.waitForConfirmation(hash, options)),
  };
}
