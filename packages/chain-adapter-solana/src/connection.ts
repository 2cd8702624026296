import { ChainError } from '@waiaas/core';
import { networkOfGenesis } from './genesis.ts';
import { createNodeView, type NodeView } from './node-view.ts';
import type { SolanaSettings } from './options.ts';
import { textOf } from './rpc-answer.ts';
import { openRpcSession, type RpcSession } from './rpc-session.ts';
import { openTransport } from './transport.ts';

/** Waits between the attempts to connect, ms: three attempts (02 §21 C17). */
const WAITS_MS = [1_000, 2_000];

/** Life of the connection to a node. */
export interface Connection {
  /** The connected node, or null. */
  readonly current: NodeView | null;
  /**
   * The connected node.
   * @param mayHaveLanded what the error says about a transaction sent earlier
   * @throws ChainError RPC_ERROR, not retryable, when there is none.
   */
  require(mayHaveLanded?: boolean): NodeView;
  connect(rpcUrl: string): Promise<void>;
  disconnect(): void;
}

const refusal = (message: string, mayHaveLanded = false): ChainError =>
  new ChainError({ code: 'RPC_ERROR', chain: 'solana', message, retryable: false, mayHaveLanded });

/** Checks that the node is up and serves the configured network. */
async function probe(session: RpcSession, settings: SolanaSettings): Promise<void> {
  const { network, expectedGenesisHash, readMs: timeoutMs } = settings;
  await session.call({
    method: 'getHealth',
    timeoutMs,
    request: async (rpc, abortSignal) => textOf(await rpc.getHealth().send({ abortSignal }), 'health'),
  });
  const genesis = await session.call({
    method: 'getGenesisHash',
    timeoutMs,
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

/** Creates a connection that is not connected yet. Concurrent calls of `connect` share one attempt. */
export function createConnection(settings: SolanaSettings): Connection {
  let current: NodeView | null = null;
  let target = '';
  let connecting: { readonly done: Promise<void>; readonly session: RpcSession } | null = null;

  const establish = async (session: RpcSession): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        await probe(session, settings);
        break;
      } catch (error) {
        const wait = WAITS_MS[attempt];
        const isTransient = error instanceof ChainError && error.retryable;
        if (wait === undefined || !isTransient || session.closed.aborted) throw error;
        settings.logger.warn(
          { err: error, host: session.endpoint.host, waitMs: wait },
          'Connecting failed; trying again',
        );
        await settings.sleep(wait, session.closed);
      }
    }
    if (session.closed.aborted) throw refusal('The adapter was disconnected while it was connecting');
    current = createNodeView(session, settings);
  };

  const start = (rpcUrl: string): Promise<void> => {
    const session = openRpcSession(openTransport(rpcUrl === '' ? settings.endpoints : [rpcUrl]), settings.clock);
    const attempt = async (): Promise<void> => {
      try {
        await establish(session);
      } catch (error) {
        session.close();
        throw error;
      } finally {
        if (connecting?.session === session) connecting = null;
      }
    };
    const done = attempt();
    target = rpcUrl;
    connecting = { done, session };
    return done;
  };

  return {
    get current() {
      return current;
    },
    require(mayHaveLanded) {
      if (current === null) throw refusal('The adapter is not connected: call connect first', mayHaveLanded);
      return current;
    },
    async connect(rpcUrl) {
      const isBusy = current !== null || connecting !== null;
      if (isBusy && rpcUrl !== '' && rpcUrl !== target)
        throw refusal('Disconnect before connecting to another endpoint');
      if (current !== null) return;
      await (connecting?.done ?? start(rpcUrl));
    },
    disconnect() {
      connecting?.session.close();
      connecting = null;
      current?.session.close();
      current = null;
    },
  };
}
