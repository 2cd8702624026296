import { type Address, address } from '@solana/kit';
import { ChainError } from '@waiaas/core';
import type { NodeView } from './node-view.ts';
import { isTokenProgram, type TokenProgram } from './programs.ts';
import type { CheckedRequest } from './request-check.ts';
import { readTokenAccount, type TokenAccountLayout } from './token-layout.ts';

/** A token account that is closed; what it holds of lamports goes to its owner, who signs. */
export interface ClosedAccount {
  readonly program: TokenProgram;
  readonly account: Address;
}

/** A token account that a payment empties, as it stands. */
export interface FoundEmptied extends ClosedAccount {
  readonly layout: TokenAccountLayout;
  /** What closing it gives back; what it holds of the wrapped native asset is part of it. */
  readonly lamports: bigint;
  /** Whether it is closed. */
  readonly closes: boolean;
}

const refuse = (message: string, account: Address): ChainError =>
  new ChainError({
    code: 'BUILD_FAILED',
    chain: 'solana',
    message,
    details: { account, field: 'emptied' },
    retryable: false,
    mayHaveLanded: false,
  });

/**
 * Reads the account that a request empties (08 §2.5.4): one of the sender's, of the token that is named, in whichever account
 * it is held.
 * @throws ChainError BUILD_FAILED, RPC_ERROR, NETWORK_ERROR
 */
export async function findEmptied(
  view: NodeView,
  { from, token, emptied }: CheckedRequest,
): Promise<FoundEmptied | undefined> {
  if (emptied === undefined) return undefined;
  const account = address(emptied.account);
  const { owner: program, data, lamports } = await view.accountData(account);
  const layout = isTokenProgram(program) ? readTokenAccount(program, data) : null;
  if (!isTokenProgram(program) || layout === null) throw refuse('There is no token account at this address', account);
  if (layout.owner !== from) throw refuse('The token account belongs to somebody else', account);
  if (layout.mint !== token?.address) throw refuse('The token account is one of another token', account);
  return { program, account, layout, lamports, closes: emptied.close };
}
