import {
  type AgentId,
  type AssetsResponse,
  assetId,
  formatUnits,
  isChainError,
  isTokenReader,
  nativeAssetId,
  shownSymbol,
  tokenAssetId,
  tokenOfAsset,
  WaiaasError,
} from '@waiaas/core';
import { findAgent, listAssetsPaid } from '@waiaas/storage';
import type { Decider } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';

/** Tokens an agent is looked up for on chains that cannot list what an address holds. */
const MOST_KNOWN = 100;

/**
 * Tells what an agent's wallet holds (00 §3, "Routes added"). Chains that cannot list it are asked for the tokens that
 * policies have limits for, and for those the agent has paid with.
 */
export function createHoldings(
  dependencies: Pick<PipelineDependencies, 'storage' | 'adapters'> & { readonly decider: Decider },
): (agentId: AgentId) => Promise<AssetsResponse> {
  const { storage, adapters, decider } = dependencies;

  async function knownTokens(agentId: AgentId, chain: string): Promise<readonly string[]> {
    const compiled = await decider.inForce(storage.read, agentId);
    const limited = Object.keys(compiled?.spendingLimit?.limits ?? {});
    const paid = await listAssetsPaid(storage.read, agentId, MOST_KNOWN);
    const assets = [...new Set([...limited, ...paid])].filter((asset) => asset.startsWith(`${chain}:`));
    return assets.flatMap((asset) => tokenOfAsset(assetId(asset)) ?? []).slice(0, MOST_KNOWN);
  }

  return async (agentId) => {
    const agent = await findAgent(storage.read, agentId);
    if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND');
    const { chain, network, public_key: address } = agent;
    const adapter = adapters.find(chain, network);
    if (adapter === undefined) throw new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network } });
    if (!adapter.isConnected()) throw new WaiaasError('ADAPTER_NOT_AVAILABLE', { details: { chain, network } });
    try {
      const held = isTokenReader(adapter)
        ? await adapter.listAssets(address, await knownTokens(agentId, chain))
        : [await adapter.getBalance(address)];
      return {
        chain,
        network,
        assets: held.map(({ balance, decimals, symbol, ...of }) => {
          const token = 'token' in of ? of.token : undefined;
          const shown = token === undefined ? symbol : shownSymbol(symbol);
          return {
            asset: token === undefined ? nativeAssetId(chain) : tokenAssetId(chain, token.address),
            ...(token === undefined ? {} : { tokenMint: token.address }),
            balance: balance.toString(),
            decimals,
            symbol: shown,
            formatted: formatUnits(balance, decimals, shown),
          };
        }),
      };
    } catch (error) {
      if (!isChainError(error)) throw error;
      const details = { chainCode: error.code };
      throw new WaiaasError('CHAIN_ERROR', { message: error.message, details, cause: error });
    }
  };
}
