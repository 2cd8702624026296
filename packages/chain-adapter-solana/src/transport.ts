import { createDefaultRpcTransport, createSolanaRpcFromTransport, type RpcTransport } from '@solana/kit';
import { type Endpoint, readEndpoint } from './endpoint.ts';

/** A JSON-RPC client of kit. */
export type SolanaRpc = ReturnType<typeof createSolanaRpcFromTransport<RpcTransport>>;

/** A way to a node. */
export interface Transport {
  readonly endpoint: Endpoint;
  readonly rpc: SolanaRpc;
}

/**
 * Opens the way to a node.
 * @throws ChainError RPC_ERROR, not retryable, when the URL is not usable.
 */
export function openTransport(url: string): Transport {
  const endpoint = readEndpoint(url, ['http:', 'https:']);
  return { endpoint, rpc: createSolanaRpcFromTransport(createDefaultRpcTransport({ url: endpoint.url })) };
}
