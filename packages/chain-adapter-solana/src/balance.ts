import { type BalanceInfo, nativeAsset } from '@waiaas/core';
import type { NodeView } from './node-view.ts';
import { requireAddress } from './request-check.ts';
import { naturalOf } from './rpc-answer.ts';

/**
 * Reads a native balance, never from a cache. An address the chain has never seen holds 0.
 * @throws ChainError INVALID_ADDRESS, RPC_ERROR, NETWORK_ERROR.
 */
export async function readBalance({ session, readMs }: NodeView, candidate: string): Promise<BalanceInfo> {
  const address = requireAddress(candidate, 'address');
  const balance = await session.call({
    method: 'getBalance',
    timeoutMs: readMs,
    async request(rpc, abortSignal) {
      const answer = await rpc.getBalance(address, { commitment: 'confirmed' }).send({ abortSignal });
      return naturalOf(answer.value, 'balance');
    },
  });
  const { decimals, symbol } = nativeAsset('solana');
  return { address, balance, decimals, symbol };
}
