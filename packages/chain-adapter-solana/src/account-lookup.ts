import type { Address } from '@solana/kit';
import { type BatchLookup, createBatchLookup } from './batch-lookup.ts';
import { listOf, naturalOf, recordOf, textOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** What a payment needs to know of an account. */
export interface AccountFacts {
  readonly lamports: bigint;
  /** Program that owns it; absent when the chain has never seen the address. */
  readonly owner?: string;
  readonly executable: boolean;
}

/** Most addresses `getMultipleAccounts` takes. */
const MAX_ADDRESSES = 100;
const WINDOW_MS = 1;

const factsOf = (account: unknown): AccountFacts => {
  if (account === null) return { lamports: 0n, executable: false };
  const fields = recordOf(account, 'account');
  return {
    lamports: naturalOf(fields.lamports, 'balance'),
    owner: textOf(fields.owner, 'account owner'),
    executable: fields.executable === true,
  };
};

/** Reads accounts, never from a cache; payments built at the same moment share one call (02 §6). */
export function createAccountLookup(session: RpcSession, timeoutMs: number): BatchLookup<Address, AccountFacts> {
  return createBatchLookup({
    maxKeys: MAX_ADDRESSES,
    windowMs: WINDOW_MS,
    load: (addresses) =>
      session.call({
        method: 'getMultipleAccounts',
        timeoutMs,
        async request(rpc, abortSignal) {
          const options = { commitment: 'confirmed', encoding: 'base64', dataSlice: { offset: 0, length: 0 } } as const;
          const answer = await rpc.getMultipleAccounts(addresses, options).send({ abortSignal });
          return listOf(answer.value, 'accounts', addresses.length).map(factsOf);
        },
      }),
  });
}
