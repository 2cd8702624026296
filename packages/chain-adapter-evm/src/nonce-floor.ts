import type { Clock } from '@waiaas/core';

/** How long a count that was seen holds against a lower one, ms. After that, the chain was reorganised. */
const HOLDS_MS = 60_000;
/** Far more wallets than a daemon has. */
const CAPACITY = 10_000;

/**
 * Remembers how many transactions of a wallet the chain had executed, so that a node that lags behind the one asked before
 * does not make a nonce be used again. It holds for a minute: a lower count that stays is a reorganisation.
 */
export interface NonceFloor {
  saw(address: string, count: bigint): void;
  of(address: string): bigint;
}

/** Creates the memory of one adapter. Nothing depends on its surviving: it only keeps a payment from being refused later. */
export function createNonceFloor(clock: Clock): NonceFloor {
  const seen = new Map<string, { readonly count: bigint; readonly at: number }>();
  const valid = (address: string): bigint => {
    const entry = seen.get(address);
    const age = entry === undefined ? 0 : clock.now() - entry.at;
    return entry === undefined || age > HOLDS_MS || age < 0 ? 0n : entry.count;
  };
  return {
    of: valid,
    saw(address, count) {
      if (count < valid(address)) return;
      seen.delete(address);
      seen.set(address, { count, at: clock.now() });
      const [oldest] = seen.keys();
      if (seen.size > CAPACITY && oldest !== undefined) seen.delete(oldest);
    },
  };
}
