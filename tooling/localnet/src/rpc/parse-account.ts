import type { Address, EncodedAccount } from '@solana/kit';
import type { JsonObject } from '../json/json-value.ts';
import type { LedgerAccount } from '../ledger/account.ts';
import { tokenAmount } from './token-amount.ts';
import { readMint, readTokenAccount, TOKEN_PROGRAMS } from './token-layout.ts';

/**
 * The `jsonParsed` form of an account; undefined when no parser knows it, and then a validator answers in base64. Token
 * extensions are not parsed.
 */
export function parseAccount(
  account: EncodedAccount,
  getAccount: (address: Address) => LedgerAccount,
): JsonObject | undefined {
  const program = TOKEN_PROGRAMS.get(account.programAddress);
  if (program === undefined) return undefined;
  const parsed = parseMint(account) ?? parseTokenAccount(account, getAccount);
  return parsed === undefined ? undefined : { program, parsed, space: account.data.length };
}

function parseMint(account: EncodedAccount): JsonObject | undefined {
  const mint = readMint(account);
  if (mint === undefined) return undefined;
  return {
    type: 'mint',
    info: {
      mintAuthority: mint.mintAuthority ?? null,
      supply: mint.supply.toString(),
      decimals: mint.decimals,
      isInitialized: mint.isInitialized,
      freezeAuthority: mint.freezeAuthority ?? null,
    },
  };
}

function parseTokenAccount(
  account: EncodedAccount,
  getAccount: (address: Address) => LedgerAccount,
): JsonObject | undefined {
  const token = readTokenAccount(account);
  const mintAccount = token === undefined ? undefined : getAccount(token.mint);
  const mint = mintAccount?.exists === true ? readMint(mintAccount) : undefined;
  if (token === undefined || mint === undefined) return undefined;
  return {
    type: 'account',
    info: {
      mint: token.mint,
      owner: token.owner,
      tokenAmount: tokenAmount(token.amount, mint.decimals),
      state: token.state,
      isNative: token.nativeReserve !== undefined,
      rentExemptReserve:
        token.nativeReserve === undefined ? undefined : tokenAmount(token.nativeReserve, mint.decimals),
      delegate: token.delegate,
      delegatedAmount: token.delegate === undefined ? undefined : tokenAmount(token.delegatedAmount, mint.decimals),
      closeAuthority: token.closeAuthority,
    },
  };
}
