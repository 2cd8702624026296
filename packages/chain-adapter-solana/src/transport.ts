import { createDefaultRpcTransport, createSolanaRpcFromTransport, type RpcTransport } from '@solana/kit';
import { ChainError } from '@waiaas/core';
import { type Endpoint, readEndpoint } from './endpoint.ts';

/** A JSON-RPC client of kit. */
export type SolanaRpc = ReturnType<typeof createSolanaRpcFromTransport<RpcTransport>>;

/** A way to a node. */
export interface Transport {
  readonly endpoint: Endpoint;
  readonly rpc: SolanaRpc;
}

/**
 * Opens the way to a node: the one place that decides which endpoint a call goes to. Uses the first endpoint.
 * @throws ChainError RPC_ERROR, not retryable, when there is none or it is not usable.
 */
export function openTransport(endpoints: readonly string[]): Transport {
  const [first] = endpoints;
  if (first === undefined || first === '') {
    throw new ChainError({
      code: 'RPC_ERROR',
      chain: 'solana',
      message: 'No RPC endpoint is configured for this network',
      retryable: false,
      mayHaveLanded: false,
    });
  }
  const endpoint = readEndpoint(first);
  return { endpoint, rpc: createSolanaRpcFromTransport(createDefaultRpcTransport({ url: endpoint.url })) };
}
