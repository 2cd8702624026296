import type { Blockhash } from '@solana/kit';
import type { NodeView } from './node-view.ts';
import { UnexpectedAnswer } from './rpc-answer.ts';

/** Blocks a blockhash is good for. */
export const LIFETIME_BLOCKS = 150n;

/**
 * Whether a transaction with this blockhash can still land, as a node sees it: in its newest block, or in its last final one, which
 * comes to the end of a blockhash later and does not know the newest ones yet.
 */
export async function isBlockhashAlive({ session, readMs }: NodeView, blockhash: Blockhash): Promise<boolean> {
  const isValid = (commitment: 'processed' | 'finalized'): Promise<boolean> =>
    session.call({
      method: 'isBlockhashValid',
      timeoutMs: readMs,
      mayHaveLanded: true,
      async request(rpc, abortSignal) {
        const { value }: { readonly value: unknown } = await rpc
          .isBlockhashValid(blockhash, { commitment })
          .send({ abortSignal });
        if (typeof value !== 'boolean') throw new UnexpectedAnswer('whether a blockhash is valid');
        return value;
      },
    });
  const [newest, final] = await Promise.all([isValid('processed'), isValid('finalized')]);
  return newest || final;
}
