import { createSolanaRpcSubscriptions, type Signature } from '@solana/kit';
import { type Breaker, createBreaker } from './breaker.ts';
import { type Endpoint, readEndpoint } from './endpoint.ts';
import type { SolanaSettings } from './options.ts';
import { RpcTimeout } from './rpc-limits.ts';
import { safeCause } from './safe-cause.ts';

/**
 * Word of landed transactions, pushed by a node over WebSocket. It only says when to look: what became of a transaction is
 * always looked up (02 §16). So no endpoint of it has to be trusted, and none has to work.
 */
export interface SignatureSignals {
  /**
   * Listens for word of a transaction, at the first endpoint that works. Never rejects; ends when there was word, when no
   * endpoint works, or when the signal aborts.
   * @param look called when it is worth looking: once when the node has begun to listen, because what happened before that is
   * not told, and when it tells something
   */
  listen(
    signature: Signature,
    commitment: 'confirmed' | 'finalized',
    signal: AbortSignal,
    look: () => void,
  ): Promise<void>;
}

/** kit shares one connection for as many subscriptions; public nodes allow few connections (02 §16). */
const SUBSCRIPTIONS_PER_CONNECTION = 1_000;

interface Socket {
  readonly endpoint: Endpoint;
  readonly rpc: ReturnType<typeof createSolanaRpcSubscriptions>;
  readonly breaker: Breaker;
}

/** Creates the signals of one connection. Sockets are opened when there is something to wait for. */
export function createSignatureSignals(settings: SolanaSettings): SignatureSignals {
  const { webSockets, clock, logger, readMs } = settings;
  const sockets = webSockets.map((url): Socket => {
    const endpoint = readEndpoint(url, ['ws:', 'wss:']);
    const rpc = createSolanaRpcSubscriptions(endpoint.url, {
      maxSubscriptionsPerChannel: SUBSCRIPTIONS_PER_CONNECTION,
    });
    return { endpoint, rpc, breaker: createBreaker(clock) };
  });

  /**
   * Listens at one endpoint. One that does not take the subscription in time is given up; after that, it may take long.
   * @returns whether there was word
   */
  async function listenAt(
    { rpc, breaker }: Socket,
    ...[signature, commitment, signal, look]: Parameters<SignatureSignals['listen']>
  ): Promise<boolean> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(new RpcTimeout(readMs)), readMs);
    try {
      const abortSignal = AbortSignal.any([signal, giveUp.signal]);
      const notifications = await rpc.signatureNotifications(signature, { commitment }).subscribe({ abortSignal });
      clearTimeout(timer);
      breaker.succeeded();
      look();
      for await (const _ of notifications) {
        look();
        return true;
      }
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async listen(signature, commitment, signal, look) {
      for (const socket of sockets) {
        const { breaker, endpoint } = socket;
        if (!breaker.isClosed && clock.now() < breaker.dueAt) continue;
        try {
          if (await listenAt(socket, signature, commitment, signal, look)) return;
        } catch (error) {
          if (signal.aborted) return;
          logger.warn(
            { err: safeCause(error, endpoint.redact), host: endpoint.host },
            'A WebSocket endpoint fails; transactions are found by asking',
          );
        }
        if (signal.aborted) return;
        breaker.failed();
      }
    },
  };
}
