import { ChainError } from '@waiaas/core';
import { blamesNode, type ClusterNode, createClusterNode } from './cluster-node.ts';
import type { NodeView } from './node-view.ts';
import type { SolanaSettings } from './options.ts';
import { SessionClosed } from './rpc-limits.ts';
import { createSignatureSignals, type SignatureSignals } from './signature-signals.ts';

/** The endpoints of a network, best first (00 §3, 02 §6). Everything that asks the network goes through here. */
export interface NodePool {
  /** Aborts at disconnect. */
  readonly closed: AbortSignal;
  readonly nodes: readonly ClusterNode[];
  /** Those that serve this network as far as is known, however they are doing. */
  readonly usable: readonly ClusterNode[];
  /** Word of landed transactions, over WebSocket. */
  readonly signals: SignatureSignals;
  /**
   * The nodes to try for one piece of work, one after the other: those that are well, in their order; when all of these have
   * been tried, the others, the one that is due first before the rest. Each has shown that it serves this network.
   * @param turn how many of the well ones go to the end of the line
   */
  candidates(turn?: number): AsyncGenerator<ClusterNode, void>;
  /**
   * Runs work that changes nothing, as a whole on one node: what it reads fits together. When that node fails it, on the next.
   * @throws ChainError what the work throws, or of the failures of the nodes the first that may pass
   */
  run<Result>(work: (view: NodeView) => Promise<Result>, turn?: number): Promise<Result>;
  close(): void;
}

const nobody = (): ChainError =>
  new ChainError({
    code: 'RPC_ERROR',
    chain: 'solana',
    message: 'No RPC endpoint can be used',
    mayHaveLanded: true,
  });

/** Of the failures of several nodes, the one that tells most: whether the caller may try again. */
export const mostHopeful = (failures: readonly ChainError[]): ChainError =>
  failures.find(({ retryable }) => retryable) ?? failures.at(-1) ?? nobody();

/**
 * Opens the endpoints of a network; asks nothing yet.
 * @throws ChainError RPC_ERROR, not retryable, when there is none or one is not usable
 */
export function createNodePool(urls: readonly string[], settings: SolanaSettings): NodePool {
  if (urls.length === 0) {
    throw new ChainError({
      code: 'RPC_ERROR',
      chain: 'solana',
      message: 'No RPC endpoint is configured for this network',
      retryable: false,
      mayHaveLanded: false,
    });
  }
  const closing = new AbortController();
  const nodes = urls.map((url) => createClusterNode(url, settings));
  const signals = createSignatureSignals(settings);

  /** The failure of a node that cannot be used, or null when it can. */
  const unready = async (node: ClusterNode): Promise<ChainError | null> => {
    try {
      await node.verify();
      return null;
    } catch (error) {
      if (error instanceof ChainError) return error;
      throw error;
    }
  };

  async function* ready(order: readonly ClusterNode[], failures: ChainError[]): AsyncGenerator<ClusterNode, void> {
    for (const node of order) {
      if (closing.signal.aborted) return;
      const failure = await unready(node);
      if (failure === null) yield node;
      else failures.push(failure);
    }
  }

  async function* candidates(turn = 0, failures: ChainError[] = []): AsyncGenerator<ClusterNode, void> {
    for (const node of nodes) node.recover();
    const well = nodes.filter(({ isWell }) => isWell);
    const start = well.length === 0 ? 0 : turn % well.length;
    const order = [...well.slice(start), ...well.slice(0, start)];
    yield* ready(order, failures);
    // A breaker only puts an endpoint last; it never refuses a payment by itself.
    const others = nodes.filter((node) => !order.includes(node) && !node.isForeign);
    yield* ready(
      others.toSorted((a, b) => a.dueAt - b.dueAt),
      failures,
    );
  }

  return {
    closed: closing.signal,
    nodes,
    get usable() {
      return nodes.filter(({ isForeign }) => !isForeign);
    },
    signals,
    candidates,
    async run(work, turn) {
      const failures: ChainError[] = [];
      for await (const node of candidates(turn, failures)) {
        try {
          const result = await work(node.view);
          node.succeeded();
          return result;
        } catch (error) {
          if (!blamesNode(error)) throw error;
          node.failed(error);
          failures.push(error);
        }
      }
      throw mostHopeful(failures);
    },
    close() {
      closing.abort(new SessionClosed());
      for (const node of nodes) node.close();
    },
  };
}
