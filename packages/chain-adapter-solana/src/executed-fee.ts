import type { Signature } from '@solana/kit';
import { isChainError } from '@waiaas/core';
import { naturalOf, recordOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** Fee a transaction has paid, lamports; undefined when the node does not tell, which is not worth a failure (02 §16). */
export async function executedFee(
  session: RpcSession,
  signature: Signature,
  commitment: 'confirmed' | 'finalized',
  timeoutMs: number,
): Promise<bigint | undefined> {
  try {
    return await session.call({
      method: 'getTransaction',
      timeoutMs,
      async request(rpc, abortSignal) {
        const options = { commitment, encoding: 'json', maxSupportedTransactionVersion: 0 } as const;
        const found = await rpc.getTransaction(signature, options).send({ abortSignal });
        if (found === null) return undefined;
        return naturalOf(recordOf(found.meta, 'transaction meta').fee, 'fee');
      },
    });
  } catch (error) {
    if (isChainError(error)) return undefined;
    throw error;
  }
}
