import { type AssetBalance, type Chain, isChainError, type Logger, nativeAsset } from '@waiaas/core';
import type { Address } from 'viem';
import { readBalance } from './balance.ts';
import type { ChainView } from './chain-view.ts';
import type { Refuse } from './refuse.ts';
import { readTokenBalance } from './token-registry.ts';

/** What listing needs beside the address. */
export interface ListContext {
  readonly view: ChainView;
  readonly chain: Chain;
  readonly refuse: Refuse;
  readonly logger: Logger;
}

/**
 * What an address holds: the native asset first, then those of the given tokens of which it holds any, largest number of
 * base units first. The chain cannot list tokens, so only the given ones are looked at; one that is none is left out.
 * @throws ChainError RPC_ERROR, NETWORK_ERROR.
 */
export async function listAssets(
  { view, chain, refuse, logger }: ListContext,
  owner: Address,
  tokens: readonly Address[],
): Promise<readonly AssetBalance[]> {
  const { pool } = view;
  const { decimals, symbol } = nativeAsset(chain);
  const tokenOf = async (address: Address): Promise<AssetBalance | null> => {
    try {
      const token = await view.tokens.get(address);
      const balance = await pool.run((node) => readTokenBalance(refuse, node, address, owner));
      return balance === 0n ? null : { token, balance, decimals: token.decimals, symbol: token.symbol };
    } catch (error) {
      if (!isChainError(error, 'INVALID_TOKEN') && !isChainError(error, 'UNSUPPORTED_TOKEN')) throw error;
      logger.debug({ token: address, error: error.message }, 'A token is left out of the list');
      return null;
    }
  };
  const [native, ...found] = await Promise.all([readBalance(pool, chain, owner), ...[...new Set(tokens)].map(tokenOf)]);
  const held = found.filter((asset) => asset !== null);
  held.sort((a, b) => (a.balance < b.balance ? 1 : a.balance > b.balance ? -1 : 0));
  return [{ balance: native.balance, decimals, symbol }, ...held];
}
