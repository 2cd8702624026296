import { type Blockhash, isBlockhash } from '@solana/kit';
import type { Clock, Network } from '@waiaas/core';
import { type CachedValue, createCachedValue } from './cached-value.ts';
import { naturalOf, recordOf, textOf, UnexpectedAnswer } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/**
 * How long a fetched blockhash is used for new transactions, ms (02 §6). A ledger of somebody's own makes blocks as fast as it
 * is told to, so that 150 of them can be over in 3 s; to ask it costs nothing.
 */
export const blockhashCacheMs = (network: Network): number => (network === 'localnet' ? 500 : 5_000);
/** How long after the fetch a transaction may be signed, ms: 150 blocks take about 60 s, less a margin (02 §9). */
export const BLOCKHASH_LIFE_MS = 50_000;

/** A blockhash and the times that follow from it. */
export interface FetchedBlockhash {
  readonly blockhash: Blockhash;
  /** Last block a transaction with it can land in. */
  readonly lastValidBlockHeight: bigint;
  /** Epoch ms. Counted from before the fetch, not from its use. */
  readonly expiresAt: number;
}

/** The latest blockhash, at most `blockhashCacheMs` old; callers share one fetch. */
export function createLatestBlockhash(
  session: RpcSession,
  clock: Clock,
  network: Network,
  timeoutMs: number,
): CachedValue<FetchedBlockhash> {
  return createCachedValue({
    clock,
    ttlMs: blockhashCacheMs(network),
    async load() {
      const fetchedAt = clock.now();
      return await session.call({
        method: 'getLatestBlockhash',
        timeoutMs,
        async request(rpc, abortSignal) {
          const answer = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send({ abortSignal });
          const value = recordOf(answer.value, 'blockhash');
          const blockhash = textOf(value.blockhash, 'blockhash');
          if (!isBlockhash(blockhash)) throw new UnexpectedAnswer('blockhash');
          const lastValidBlockHeight = naturalOf(value.lastValidBlockHeight, 'last valid block height');
          return { blockhash, lastValidBlockHeight, expiresAt: fetchedAt + BLOCKHASH_LIFE_MS };
        },
      });
    },
  });
}
