import type { LandedTransaction } from './landed-transaction.ts';

/** The landed transactions, found by signature or by any account they name. */
export interface History {
  add(landed: LandedTransaction): void;
  get(signature: string): LandedTransaction | undefined;
  has(signature: string): boolean;
  /** Transactions that name the address, newest first. */
  byAddress(address: string): Iterable<LandedTransaction>;
  /** All that are kept, oldest first. */
  all(): Iterable<LandedTransaction>;
  /** Transactions landed since the start, forgotten ones included. */
  count(): number;
}

/** @param limit transactions kept; the oldest are forgotten, as by a validator that prunes its ledger */
export function createHistory(limit: number): History {
  const bySignature = new Map<string, LandedTransaction>();
  const byAddress = new Map<string, string[]>();
  let count = 0;

  const forgetOldest = (): void => {
    for (const [signature, oldest] of bySignature) {
      bySignature.delete(signature);
      for (const { address } of oldest.accounts) {
        const list = byAddress.get(address);
        if (list?.[0] === signature) list.shift();
        if (list?.length === 0) byAddress.delete(address);
      }
      return;
    }
  };

  return {
    add(landed) {
      count += 1;
      bySignature.set(landed.signature, landed);
      for (const { address } of landed.accounts) {
        const list = byAddress.get(address);
        if (list === undefined) byAddress.set(address, [landed.signature]);
        else list.push(landed.signature);
      }
      if (bySignature.size > limit) forgetOldest();
    },
    get: (signature) => bySignature.get(signature),
    has: (signature) => bySignature.has(signature),
    *byAddress(address) {
      const list = byAddress.get(address) ?? [];
      for (let index = list.length - 1; index >= 0; index -= 1) {
        const landed = bySignature.get(list[index] ?? '');
        if (landed !== undefined) yield landed;
      }
    },
    all: () => bySignature.values(),
    count: () => count,
  };
}
