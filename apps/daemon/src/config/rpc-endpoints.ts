import type { Chain, Network } from '@waiaas/core';
import { isNetworkOf, networkConfigKey } from '@waiaas/core';
import type { Config } from './schema.ts';

/** Where a network is reached, best first. */
export interface RpcEndpoints {
  readonly http: readonly string[];
  /** Solana only. */
  readonly ws: readonly string[];
  /** The key to set when the lists are empty or wrong. */
  readonly key: string;
}

/**
 * The WebSocket endpoint that belongs to an RPC endpoint: the same address under ws(s). A local Solana node serves it on
 * the next port, so a loopback address with a port moves up by one.
 */
export function webSocketUrl(http: string): string {
  const url = new URL(http);
  const local = url.hostname === '127.0.0.1' || url.hostname === 'localhost';
  if (local && url.port !== '') url.port = String(Number(url.port) + 1);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.pathname === '/' && url.search === '' ? url.href.slice(0, -1) : url.href;
}

const listAt = (table: Readonly<Record<string, unknown>>, key: string): readonly string[] => {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return Array.isArray(value) ? value.filter((url): url is string => typeof url === 'string') : [];
};

/**
 * The endpoints of a network; `mainnet-beta` is found under the key `mainnet` (01 §1.5). WebSocket endpoints that are
 * not configured follow the RPC endpoints, so that moving a network to another provider moves both.
 *
 * @throws RangeError when the chain has no such network
 */
export function rpcEndpoints(config: Config, chain: Chain, network: Network): RpcEndpoints {
  if (!isNetworkOf(chain, network)) throw new RangeError(`${chain} has no network ${network}`);
  const key = networkConfigKey(network);
  const http = listAt(config.rpc[chain], key);
  const configured = chain === 'solana' ? listAt(config.rpc.solana.ws, key) : [];
  const ws = chain !== 'solana' ? [] : configured.length > 0 ? configured : http.map(webSocketUrl);
  return { http, ws, key: `rpc.${chain}.${key}` };
}
