import type { Signature } from '@solana/kit';
import { naturalOf, recordOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/**
 * Fee a transaction has paid, lamports; undefined when the node does not know the transaction (02 §16).
 * @throws ChainError RPC_ERROR, NETWORK_ERROR
 */
export async function executedFee(
  session: RpcSession,
  signature: Signature,
  commitment: 'confirmed' | 'finalized',
  timeoutMs: number,
): Promise<bigint | undefined> {
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
}
