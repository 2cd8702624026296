import type { Address } from '@solana/kit';
import { type AssetBalance, isChainError, type TokenInfo } from '@waiaas/core';
import { readBalance } from './balance.ts';
import { type HeldAccount, heldAccounts } from './held-accounts.ts';
import type { Mint } from './mint-lookup.ts';
import type { NodeView } from './node-view.ts';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './programs.ts';
import { isSolanaAddress, requireAddress } from './request-check.ts';

/** Most tokens of a wallet that are listed: strangers may have sent it any number. */
const MAX_LISTED = 256;

const descending = (a: bigint, b: bigint): number => (a < b ? 1 : a > b ? -1 : 0);

const infoOf = async (view: NodeView, mint: Mint): Promise<TokenInfo> => ({
  address: mint.address,
  decimals: mint.decimals,
  symbol: await view.symbols(mint),
});

/**
 * Reads what a token is.
 * @throws ChainError INVALID_ADDRESS, INVALID_TOKEN, UNSUPPORTED_TOKEN, RPC_ERROR, NETWORK_ERROR
 */
export async function readToken(view: NodeView, candidate: string): Promise<TokenInfo> {
  return infoOf(view, await view.mint(requireAddress(candidate, 'token')));
}

/** Reads what a wallet holds of a token, in all its accounts of it. @throws ChainError as `readToken` */
export async function readTokenBalance(view: NodeView, candidate: string, token: TokenInfo): Promise<bigint> {
  const owner = requireAddress(candidate, 'address');
  const { address, program } = await view.mint(requireAddress(token.address, 'token'));
  const held = await heldAccounts(view.session, view.readMs, owner, { mint: address });
  return held.filter((account) => account.program === program).reduce((sum, { amount }) => sum + amount, 0n);
}

/** What is held of each mint, in however many accounts. */
function byMint(held: readonly HeldAccount[]): ReadonlyMap<Address, bigint> {
  const sums = new Map<Address, bigint>();
  for (const { mint, amount } of held) sums.set(mint, (sums.get(mint) ?? 0n) + amount);
  return sums;
}

/** The asset of a mint; null when it is of a refused kind, so that one bad token does not hide the others. */
async function assetOf(view: NodeView, mint: Address, balance: bigint): Promise<AssetBalance | null> {
  try {
    const token = await infoOf(view, await view.mint(mint));
    return { token, balance, decimals: token.decimals, symbol: token.symbol };
  } catch (error) {
    if (isChainError(error, 'INVALID_TOKEN') || isChainError(error, 'UNSUPPORTED_TOKEN')) return null;
    throw error;
  }
}

/**
 * Lists what a wallet holds under both token programs, in associated accounts and others: the native asset first, then tokens
 * by base units, largest first (02 §D57). Of very many, those that are known and the largest.
 * @throws ChainError INVALID_ADDRESS, RPC_ERROR, NETWORK_ERROR
 */
export async function readAssets(
  view: NodeView,
  candidate: string,
  known: readonly string[],
): Promise<readonly AssetBalance[]> {
  const owner = requireAddress(candidate, 'address');
  const { session, readMs } = view;
  const [native, ...held] = await Promise.all([
    readBalance(view, owner),
    heldAccounts(session, readMs, owner, { programId: TOKEN_PROGRAM }),
    heldAccounts(session, readMs, owner, { programId: TOKEN_2022_PROGRAM }),
  ]);
  const sums = byMint(held.flat());
  const first = new Set<string>(known.filter(isSolanaAddress));
  const listed = [...sums]
    .filter(([, balance]) => balance > 0n)
    .toSorted(([a, one], [b, other]) => Number(first.has(b)) - Number(first.has(a)) || descending(one, other))
    .slice(0, MAX_LISTED);
  const assets = await Promise.all(listed.map(([mint, balance]) => assetOf(view, mint, balance)));
  const tokens = assets
    .filter((asset) => asset !== null)
    .toSorted(
      (a, b) => descending(a.balance, b.balance) || ((a.token?.address ?? '') < (b.token?.address ?? '') ? -1 : 1),
    );
  return [{ balance: native.balance, decimals: native.decimals, symbol: native.symbol }, ...tokens];
}
