import { type Address, address, type EncodedAccount, lamports } from '@solana/kit';
import type { ExistingAccount, LedgerAccount } from './account.ts';

const SYSTEM_PROGRAM = address('11111111111111111111111111111111');

/** A plain wallet account that holds `balance` lamports. */
export function systemAccount(owner: Address, balance: bigint): EncodedAccount {
  return {
    address: owner,
    lamports: lamports(balance),
    data: new Uint8Array(),
    executable: false,
    programAddress: SYSTEM_PROGRAM,
    space: 0n,
  };
}

/** The account with `amount` lamports more; an account that did not exist becomes a plain wallet. */
export function credited(account: LedgerAccount, amount: bigint): ExistingAccount {
  if (!account.exists) return { exists: true, ...systemAccount(account.address, amount) };
  return { ...account, lamports: lamports(account.lamports + amount) };
}
