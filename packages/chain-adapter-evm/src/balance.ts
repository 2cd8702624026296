import { type BalanceInfo, type Chain, nativeAsset } from '@waiaas/core';
import type { Address } from 'viem';
import type { EndpointPool } from './endpoint-pool.ts';
import { quantityOf } from './rpc-answer.ts';

/**
 * Reads a native balance, never from a cache. An address the chain has never seen holds 0.
 * @throws ChainError RPC_ERROR, NETWORK_ERROR.
 */
export async function readBalance(pool: EndpointPool, chain: Chain, address: Address): Promise<BalanceInfo> {
  const balance = await pool.run(async (node) =>
    quantityOf(await node.request('eth_getBalance', [address, 'latest']), 'balance'),
  );
  const { decimals, symbol } = nativeAsset(chain);
  return { address, balance, decimals, symbol };
}
