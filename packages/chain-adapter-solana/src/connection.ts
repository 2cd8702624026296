import { ChainError } from '@waiaas/core';
import { createNodePool, mostHopeful, type NodePool } from './node-pool.ts';
import type { SolanaSettings } from './options.ts';

/** Waits between the attempts to connect, ms: three attempts (02 §21 C17). */
const WAITS_MS = [1_000, 2_000];

/** Life of the connection to a network. */
export interface Connection {
  /** The endpoints, once one of them has shown that it serves the network; or null. */
  readonly current: NodePool | null;
  /**
   * The endpoints.
   * @param mayHaveLanded what the error says about a transaction sent earlier
   * @throws ChainError RPC_ERROR, not retryable, when not connected
   */
  require(mayHaveLanded?: boolean): NodePool;
  connect(rpcUrl: string): Promise<void>;
  disconnect(): void;
}

const refusal = (message: string, mayHaveLanded = false): ChainError =>
  new ChainError({ code: 'RPC_ERROR', chain: 'solana', message, retryable: false, mayHaveLanded });

/**
 * Looks for the first endpoint that works and serves the network. One that serves another is a mistake in the configuration
 * that nobody should learn of by an outage: it fails the whole attempt.
 */
async function findNode(pool: NodePool): Promise<void> {
  const failures: ChainError[] = [];
  for (const node of pool.nodes) {
    try {
      await node.verify();
      return;
    } catch (error) {
      if (!(error instanceof ChainError) || error.code === 'WRONG_NETWORK') throw error;
      failures.push(error);
    }
  }
  throw mostHopeful(failures);
}

/** Creates a connection that is not connected yet. Concurrent calls of `connect` share one attempt. */
export function createConnection(settings: SolanaSettings): Connection {
  const { logger, sleep } = settings;
  let current: NodePool | null = null;
  let target = '';
  let connecting: { readonly done: Promise<void>; readonly pool: NodePool } | null = null;

  const establish = async (pool: NodePool): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        await findNode(pool);
        break;
      } catch (error) {
        const wait = WAITS_MS[attempt];
        const isTransient = error instanceof ChainError && error.retryable;
        if (wait === undefined || !isTransient || pool.closed.aborted) throw error;
        logger.warn({ err: error, waitMs: wait }, 'Connecting failed; trying again');
        await sleep(wait, pool.closed);
      }
    }
    if (pool.closed.aborted) throw refusal('The adapter was disconnected while it was connecting');
    current = pool;
  };

  const start = (rpcUrl: string): Promise<void> => {
    const pool = createNodePool(rpcUrl === '' ? settings.endpoints : [rpcUrl], settings);
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
      connecting?.pool.close();
      connecting = null;
      current?.close();
      current = null;
    },
  };
}
