import type { Clock } from '@waiaas/core';
import { type CachedValue, createCachedValue } from './cached-value.ts';
import { naturalOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** Lamports an account of this many bytes must hold, if it is to exist: its rent-exempt minimum (02 §12). */
export type RentLookup = (bytes: bigint) => Promise<bigint>;

/** The minimum changes with the rules of the cluster only, so rarely that ten minutes are short. */
const RENT_CACHE_MS = 600_000;

/** Creates the look-up of one connection. A wallet has no bytes; token accounts have one of two sizes. */
export function createRentLookup(session: RpcSession, clock: Clock, timeoutMs: number): RentLookup {
  const sizes = new Map<bigint, CachedValue<bigint>>();
  const load = (bytes: bigint) => () =>
    session.call({
      method: 'getMinimumBalanceForRentExemption',
      timeoutMs,
      request: async (rpc, abortSignal) =>
        naturalOf(await rpc.getMinimumBalanceForRentExemption(bytes).send({ abortSignal }), 'rent-exempt minimum'),
    });
  return (bytes) => {
    const known = sizes.get(bytes) ?? createCachedValue({ clock, ttlMs: RENT_CACHE_MS, load: load(bytes) });
    sizes.set(bytes, known);
    return known.get();
  };
}
