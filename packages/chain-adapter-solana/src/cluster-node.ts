import { ChainError, isChainError } from '@waiaas/core';
import { type Breaker, createBreaker } from './breaker.ts';
import { createNodeView, type NodeView } from './node-view.ts';
import type { SolanaSettings } from './options.ts';
import { probeNetwork } from './probe.ts';
import { openRpcSession } from './rpc-session.ts';
import { createSilence, type Silence } from './silence.ts';
import { openTransport } from './transport.ts';

/** One endpoint of a network: what is known through it, and how it has been doing. */
export interface ClusterNode {
  readonly view: NodeView;
  readonly host: string;
  /** Whether it may be used now: it serves the right network as far as is known, and has not failed lately. */
  readonly isWell: boolean;
  /** Whether it was found to serve another network: it is never used again. */
  readonly isForeign: boolean;
  /** Epoch ms from which it is worth another try. */
  readonly dueAt: number;
  /** Whether it gives its word where a verdict needs it. */
  readonly silence: Silence;
  /**
   * Makes sure that it serves the configured network before it is used for the first time. Concurrent calls share one probe.
   * @throws ChainError WRONG_NETWORK, RPC_ERROR, NETWORK_ERROR
   */
  verify(): Promise<void>;
  /** Probes it once more when its pause is over, behind the back of whoever is calling. */
  recover(): void;
  succeeded(): void;
  /** Notes a failure that is the node's own. */
  failed(error: ChainError): void;
  close(): void;
}

/**
 * Whether an error is the fault of the node that was asked, so that another one may do better: it did not answer, answered
 * nonsense, or refused the caller. What the chain says is no such fault.
 */
export const blamesNode = (error: unknown): error is ChainError =>
  isChainError(error) &&
  (error.code === 'RPC_ERROR' || error.code === 'NETWORK_ERROR' || error.code === 'SIMULATION_FAILED');

const askedPause = (error: ChainError): number => {
  const asked = error.details?.retryAfterMs;
  return typeof asked === 'number' ? asked : 0;
};

/** Opens an endpoint; asks nothing yet. @throws ChainError RPC_ERROR, not retryable, when the URL is not usable */
export function createClusterNode(url: string, settings: SolanaSettings): ClusterNode {
  const session = openRpcSession(openTransport(url), settings.clock);
  const breaker: Breaker = createBreaker(settings.clock);
  const view = createNodeView(session, settings);
  const { host } = session.endpoint;
  const { logger, clock } = settings;
  let isForeign = false;
  let isVerified = false;
  let probing: Promise<void> | null = null;

  const failed = (error: ChainError): void => {
    if (session.closed.aborted) return;
    if (breaker.isClosed) logger.warn({ err: error, host }, 'An RPC endpoint fails');
    breaker.failed(askedPause(error));
  };

  const succeeded = (): void => {
    if (!breaker.isClosed) logger.info({ host }, 'An RPC endpoint works again');
    breaker.succeeded();
  };

  const probe = async (): Promise<void> => {
    try {
      await probeNetwork(session, settings);
      isVerified = true;
      succeeded();
    } catch (error) {
      if (isChainError(error, 'WRONG_NETWORK')) {
        isForeign = true;
        logger.error({ err: error, host }, 'An RPC endpoint serves another network; it is not used');
      } else if (blamesNode(error)) failed(error);
      throw error;
    } finally {
      probing = null;
    }
  };

  const verify = async (): Promise<void> => {
    if (isForeign) throw foreign(host);
    if (isVerified) return;
    probing ??= probe();
    await probing;
  };

  return {
    view,
    host,
    get isWell() {
      return !isForeign && breaker.isClosed;
    },
    get isForeign() {
      return isForeign;
    },
    get dueAt() {
      return breaker.dueAt;
    },
    silence: createSilence(clock),
    verify,
    recover() {
      if (isForeign || breaker.isClosed || probing !== null || clock.now() < breaker.dueAt) return;
      probing = probe();
      probing.catch((error: unknown) => logger.debug({ err: error, host }, 'An RPC endpoint still fails'));
    },
    succeeded,
    failed,
    close: () => session.close(),
  };
}

const foreign = (host: string): ChainError =>
  new ChainError({
    code: 'WRONG_NETWORK',
    chain: 'solana',
    message: `The node at ${host} serves another network`,
    details: { host },
    mayHaveLanded: false,
  });
