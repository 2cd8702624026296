import { type Address, isAddress } from '@solana/kit';
import { base64DataOf } from './account-lookup.ts';
import { isTokenProgram, type TokenProgram } from './programs.ts';
import { listOf, recordOf, textOf, UnexpectedAnswer } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';
import { readTokenAccount, TOKEN_ACCOUNT_BYTES, type TokenAccountLayout } from './token-layout.ts';

/** A token account somebody holds, associated or not; its extensions are not read. */
export interface HeldAccount extends Omit<TokenAccountLayout, 'extensions'> {
  readonly address: Address;
  readonly program: TokenProgram;
}

/** Which accounts to find: those of one mint, or all of one token program. */
export type HeldFilter = { readonly mint: Address } | { readonly programId: TokenProgram };

function heldAccountOf(entry: unknown): HeldAccount | null {
  const { pubkey, account } = recordOf(entry, 'token account');
  const { owner: program, data } = recordOf(account, 'token account');
  const address = textOf(pubkey, 'token account address');
  if (!isAddress(address) || typeof program !== 'string' || !isTokenProgram(program)) {
    throw new UnexpectedAnswer('token account');
  }
  const layout = readTokenAccount(program, base64DataOf(data));
  if (layout === null) return null;
  const { mint, owner, amount, isFrozen } = layout;
  return { mint, owner, amount, isFrozen, address, program };
}

/**
 * Finds the token accounts a wallet holds. What the node tells is checked: accounts of other wallets and of other tokens are
 * left out, and those that cannot be read as well.
 * @throws ChainError RPC_ERROR, NETWORK_ERROR
 */
export async function heldAccounts(
  session: RpcSession,
  timeoutMs: number,
  owner: Address,
  filter: HeldFilter,
): Promise<readonly HeldAccount[]> {
  const held = await session.call({
    method: 'getTokenAccountsByOwner',
    timeoutMs,
    async request(rpc, abortSignal) {
      // Without the extensions: strangers may have sent a wallet any number of tokens.
      const dataSlice = { offset: 0, length: TOKEN_ACCOUNT_BYTES };
      const options = { commitment: 'confirmed', encoding: 'base64', dataSlice } as const;
      const answer = await rpc.getTokenAccountsByOwner(owner, filter, options).send({ abortSignal });
      return listOf(answer.value, 'token accounts').map(heldAccountOf);
    },
  });
  return held.filter((account): account is HeldAccount => {
    if (account === null || account.owner !== owner) return false;
    return 'mint' in filter ? account.mint === filter.mint : account.program === filter.programId;
  });
}
