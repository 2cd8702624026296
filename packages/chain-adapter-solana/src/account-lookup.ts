import { type Address, getBase64Encoder } from '@solana/kit';
import { type BatchLookup, createBatchLookup } from './batch-lookup.ts';
import { listOf, naturalOf, recordOf, textOf, UnexpectedAnswer } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** What a payment needs to know of an account. */
export interface AccountFacts {
  readonly lamports: bigint;
  /** Program that owns it; absent when the chain has never seen the address. */
  readonly owner?: string;
  readonly executable: boolean;
  /** As much of it as was asked for. */
  readonly data: Uint8Array;
}

/** Most addresses `getMultipleAccounts` takes. */
const MAX_ADDRESSES = 100;
const WINDOW_MS = 1;

const NOTHING = new Uint8Array();

/** The bytes in a `[text, "base64"]` pair of a node's answer. */
export function base64DataOf(value: unknown): Uint8Array {
  const [text, encoding] = listOf(value, 'account data', 2);
  if (encoding !== 'base64') throw new UnexpectedAnswer('account data');
  return Uint8Array.from(getBase64Encoder().encode(textOf(text, 'account data')));
}

const factsOf = (account: unknown, dataBytes: number): AccountFacts => {
  if (account === null) return { lamports: 0n, executable: false, data: NOTHING };
  const fields = recordOf(account, 'account');
  return {
    lamports: naturalOf(fields.lamports, 'balance'),
    owner: textOf(fields.owner, 'account owner'),
    executable: fields.executable === true,
    data: dataBytes === 0 ? NOTHING : base64DataOf(fields.data),
  };
};

/**
 * Reads accounts, never from a cache; those asked for at the same moment share one call (02 §6).
 * @param dataBytes how much of each account to read: anybody may make an account large
 */
export function createAccountLookup(
  session: RpcSession,
  timeoutMs: number,
  dataBytes: number,
): BatchLookup<Address, AccountFacts> {
  return createBatchLookup({
    maxKeys: MAX_ADDRESSES,
    windowMs: WINDOW_MS,
    load: (addresses) =>
      session.call({
        method: 'getMultipleAccounts',
        timeoutMs,
        async request(rpc, abortSignal) {
          const dataSlice = { offset: 0, length: dataBytes };
          const options = { commitment: 'confirmed', encoding: 'base64', dataSlice } as const;
          const answer = await rpc.getMultipleAccounts(addresses, options).send({ abortSignal });
          return listOf(answer.value, 'accounts', addresses.length).map((account) => factsOf(account, dataBytes));
        },
      }),
  });
}
