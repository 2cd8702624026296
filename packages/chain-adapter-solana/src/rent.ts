import type { Clock } from '@waiaas/core';
import { type CachedValue, createCachedValue } from './cached-value.ts';
import { naturalOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** The minimum changes with the rules of the cluster only, so rarely that ten minutes are short. */
const RENT_CACHE_MS = 600_000;

/** Lamports a wallet must hold, if it holds any: the rent-exempt minimum of an account without data (02 §12). */
export function createWalletRent(session: RpcSession, clock: Clock, timeoutMs: number): CachedValue<bigint> {
  return createCachedValue({
    clock,
    ttlMs: RENT_CACHE_MS,
    load: () =>
      session.call({
        method: 'getMinimumBalanceForRentExemption',
        timeoutMs,
        request: async (rpc, abortSignal) =>
          naturalOf(await rpc.getMinimumBalanceForRentExemption(0n).send({ abortSignal }), 'rent-exempt minimum'),
      }),
  });
}
