import { ChainError, type Network } from '@waiaas/core';
import { networkOfGenesis } from './genesis.ts';
import { textOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';

/** Which network a node must serve. */
export interface ExpectedNetwork {
  readonly network: Network;
  /** Undefined for a local ledger, which has any but that of a public cluster. */
  readonly expectedGenesisHash: string | undefined;
  readonly readMs: number;
}

/** Asks a node whether it is well. @throws ChainError RPC_ERROR, NETWORK_ERROR */
export async function probeNode(session: RpcSession, timeoutMs: number): Promise<void> {
  await session.call({
    method: 'getHealth',
    timeoutMs,
    request: async (rpc, abortSignal) => textOf(await rpc.getHealth().send({ abortSignal }), 'health'),
  });
}

/**
 * Checks that a node is well and serves the configured network: a key must never sign for another cluster (02 §6).
 * @throws ChainError WRONG_NETWORK, RPC_ERROR, NETWORK_ERROR
 */
export async function probeNetwork(session: RpcSession, expected: ExpectedNetwork): Promise<void> {
  const { network, expectedGenesisHash, readMs } = expected;
  await probeNode(session, readMs);
  const genesis = await session.call({
    method: 'getGenesisHash',
    timeoutMs: readMs,
    request: async (rpc, abortSignal) => textOf(await rpc.getGenesisHash().send({ abortSignal }), 'genesis hash'),
  });
  // A local ledger has any genesis hash but that of a public cluster, where its keys would move real money.
  const isRight =
    expectedGenesisHash === undefined ? networkOfGenesis(genesis) === undefined : genesis === expectedGenesisHash;
  if (isRight) return;
  throw new ChainError({
    code: 'WRONG_NETWORK',
    chain: 'solana',
    message: `The node at ${session.endpoint.host} does not serve ${network}`,
    details: { host: session.endpoint.host, network, served: networkOfGenesis(genesis) ?? 'unknown' },
    mayHaveLanded: false,
  });
}
