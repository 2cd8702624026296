import type { Clock } from '@waiaas/core';
import { type CachedValue, createCachedValue } from './cached-value.ts';
import { naturalOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** The last finalized block of a node. */
export interface FinalizedTip {
  /** Slots may be skipped, so the height is lower than the slot (02 §9). */
  readonly blockHeight: bigint;
  readonly slot: bigint;
}

/**
 * The finalized tip. May be a little old: a bound that had passed then has passed now. Height and slot come from one
 * answer, so that the slot tells how far another look-up must have come to prove anything.
 */
export function createFinalizedTip(
  session: RpcSession,
  clock: Clock,
  timeoutMs: number,
  ttlMs: number,
): CachedValue<FinalizedTip> {
  return createCachedValue({
    clock,
    ttlMs,
    load: () =>
      session.call({
        method: 'getEpochInfo',
        timeoutMs,
        mayHaveLanded: true,
        async request(rpc, abortSignal) {
          const info = await rpc.getEpochInfo({ commitment: 'finalized' }).send({ abortSignal });
          return {
            blockHeight: naturalOf(info.blockHeight, 'block height'),
            slot: naturalOf(info.absoluteSlot, 'slot'),
          };
        },
      }),
  });
}
