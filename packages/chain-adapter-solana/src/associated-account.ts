import type { Address } from '@solana/kit';
import { findAssociatedTokenPda } from '@solana-program/token';
import { ASSOCIATED_TOKEN_PROGRAM, type TokenProgram } from './programs.ts';

/** Address of the account in which a wallet holds a token unless it chose another: it follows from wallet, program and mint. */
export async function associatedAccount(owner: Address, mint: Address, tokenProgram: TokenProgram): Promise<Address> {
  const [address] = await findAssociatedTokenPda(
    { owner, mint, tokenProgram },
    { programAddress: ASSOCIATED_TOKEN_PROGRAM },
  );
  return address;
}
