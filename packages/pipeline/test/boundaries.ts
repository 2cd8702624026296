import { type IChainAdapter, type IReplacer, isReplacer } from '@waiaas/core';
import type { Storage } from '@waiaas/storage';
import type { KeyArchive } from '../src/index.ts';

/**
 * Stops a world dead at the n-th boundary: before or after any commit and any call to the chain. From then on nothing the
 * old process still has in memory reaches the disk or the ledger, as after SIGKILL.
 */
export interface Guillotine {
  readonly decorateStorage: (storage: Storage) => Storage;
  readonly decorateAdapter: <Adapter extends IChainAdapter>(adapter: Adapter) => Adapter;
  readonly decorateArchive: (archive: KeyArchive) => KeyArchive;
  /** Starts counting, and kills at the n-th boundary; Infinity only counts. */
  arm(at: number): void;
  /** Boundaries passed since it was armed. */
  readonly passed: number;
  readonly fallen: boolean;
  /** Resolves when it has fallen. */
  readonly fell: Promise<void>;
}

/** Never resolves: what waits for a dead process waits forever. */
const forever = (): Promise<never> => new Promise(() => undefined);

export function createGuillotine(): Guillotine {
  let at = Number.POSITIVE_INFINITY;
  let armed = false;
  let passed = 0;
  let fallen = false;
  const { promise: fell, resolve } = Promise.withResolvers<void>();

  /** Passes a boundary; a dead process does not come through. */
  async function boundary(): Promise<void> {
    if (fallen) return forever();
    if (!armed) return;
    passed += 1;
    if (passed < at) return;
    fallen = true;
    resolve();
    return forever();
  }

  const guarded =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await boundary();
      const result = await call(...args);
      await boundary();
      return result;
    };

  return {
    decorateStorage: (storage) => ({
      ...storage,
      write: async (unit, options) => {
        await boundary();
        const result = await storage.write(unit, options);
        await boundary();
        return result;
      },
    }),
    decorateAdapter: (adapter) => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      buildTransaction: guarded((request) => adapter.buildTransaction(request)),
      simulateTransaction: guarded((transaction) => adapter.simulateTransaction(transaction)),
      signTransaction: guarded((transaction, sign) => adapter.signTransaction(transaction, sign)),
      submitTransaction: guarded((transaction, mayGoOn) => adapter.submitTransaction(transaction, mayGoOn)),
      waitForConfirmation: guarded((hash, options) => adapter.waitForConfirmation(hash, options)),
      ...(isReplacer(adapter)
        ? {
            buildReplacement: guarded((...args: Parameters<IReplacer['buildReplacement']>) =>
              adapter.buildReplacement(...args),
            ),
            buildDisplacing: guarded((...args: Parameters<IReplacer['buildDisplacing']>) =>
              adapter.buildDisplacing(...args),
            ),
          }
        : {}),
    }),
    decorateArchive: (archive) => ({
      archiveKey: guarded((agentId) => archive.archiveKey(agentId)),
      restoreKey: guarded((agentId) => archive.restoreKey(agentId)),
    }),
    arm(n) {
      armed = true;
      passed = 0;
      at = n;
    },
    get passed() {
      return passed;
    },
    get fallen() {
      return fallen;
    },
    fell,
  };
}
