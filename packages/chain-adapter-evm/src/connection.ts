import { ChainError } from '@waiaas/core';
import { type ChainView, createChainView } from './chain-view.ts';
import { type EndpointPool, openEndpointPool } from './endpoint-pool.ts';
import type { EvmSettings } from './options.ts';

/** Waits between the attempts to connect, ms: three attempts (02 §21 C17). */
const WAITS_MS = [1_000, 2_000];

/** Life of the connection to the nodes of a network. */
export interface Connection {
  /** The connected endpoints, or null. */
  readonly current: ChainView | null;
  /**
   * The connected endpoints.
   * @param mayHaveLanded what the error says about a transaction sent earlier
   * @throws ChainError RPC_ERROR, not retryable, when there are none.
   */
  require(mayHaveLanded?: boolean): ChainView;
  connect(rpcUrl: string): Promise<void>;
  disconnect(): void;
}

/** Creates a connection that is not connected yet. Concurrent calls of `connect` share one attempt. */
export function createConnection(settings: EvmSettings): Connection {
  const { chain, refuse, logger, sleep } = settings;
  let current: ChainView | null = null;
  let target = '';
  let connecting: { readonly done: Promise<void>; readonly pool: EndpointPool } | null = null;

  const establish = async (pool: EndpointPool): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        await pool.verify();
        break;
      } catch (error) {
        const wait = WAITS_MS[attempt];
        const isTransient = error instanceof ChainError && error.retryable;
        if (wait === undefined || !isTransient || pool.closed.aborted) throw error;
        logger.warn({ err: error, waitMs: wait }, 'Connecting failed; trying again');
        await sleep(wait, pool.closed);
      }
    }
    if (pool.closed.aborted) throw refuse('RPC_ERROR', 'The adapter was disconnected while it was connecting');
    current = createChainView(pool, settings);
  };

  const start = (rpcUrl: string): Promise<void> => {
    const pool = openEndpointPool(rpcUrl === '' ? settings.endpoints : [rpcUrl], settings);
    const attempt = async (): Promise<void> => {
      try {
        await establish(pool);
      } catch (error) {
        pool.close();
        throw error;
      } finally {
        if (connecting?.pool === pool) connecting = null;
      }
    };
    const done = attempt();
    target = rpcUrl;
    connecting = { done, pool };
    return done;
  };

  return {
    get current() {
      return current;
    },
    require(mayHaveLanded = false) {
      if (current !== null) return current;
      throw new ChainError({
        code: 'RPC_ERROR',
        chain,
        message: 'The adapter is not connected: call connect first',
        retryable: false,
        mayHaveLanded,
      });
    },
    async connect(rpcUrl) {
      const isBusy = current !== null || connecting !== null;
      if (isBusy && rpcUrl !== '' && rpcUrl !== target)
        throw refuse('RPC_ERROR', 'Disconnect before connecting to another endpoint');
      if (current !== null) return;
      await (connecting?.done ?? start(rpcUrl));
    },
    disconnect() {
      connecting?.pool.close();
      connecting = null;
      current?.pool.close();
      current = null;
    },
  };
}
