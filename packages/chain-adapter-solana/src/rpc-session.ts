import { ChainError, type Clock } from '@waiaas/core';
import type { Endpoint } from './endpoint.ts';
import { RpcTimeout, SessionClosed } from './rpc-limits.ts';
import { safeCause } from './safe-cause.ts';
import { faultOf, type SolanaFault } from './solana-fault.ts';
import type { SolanaRpc, Transport } from './transport.ts';

/** Sends one request and reads its answer. Whatever it throws is judged as a fault of the node. */
export type RpcRequest<Answer> = (rpc: SolanaRpc, signal: AbortSignal) => Promise<Answer>;

/** One RPC call. */
export interface RpcCall<Answer> {
  /** JSON-RPC method, for messages. */
  readonly method: string;
  readonly timeoutMs: number;
  readonly request: RpcRequest<Answer>;
  /** What an error says about transactions sent earlier. Default: nothing was handed over, so nothing can land. */
  readonly mayHaveLanded?: boolean;
}

/** Time between `connect` and `disconnect`. */
export interface RpcSession {
  readonly endpoint: Endpoint;
  /** Aborts at disconnect. */
  readonly closed: AbortSignal;
  /** Makes a call; throws the raw error of the library, for callers that judge it themselves. */
  raw<Answer>(call: RpcCall<Answer>): Promise<Answer>;
  /**
   * Makes a call that changes nothing, once more when the connection broke: nodes close idle ones without notice.
   * @throws ChainError RPC_ERROR or NETWORK_ERROR.
   */
  call<Answer>(call: RpcCall<Answer>): Promise<Answer>;
  /** Turns a fault into the error to throw: host only, a cause without URLs and bigints. */
  errorOf(fault: SolanaFault, error: unknown, method: string, mayHaveLanded: boolean): ChainError;
  close(): void;
}

/** Opens a session. Every call of it has a time limit and ends when the session is closed (02 §6). */
export function openRpcSession(transport: Transport, clock: Clock): RpcSession {
  const { rpc, endpoint } = transport;
  const closing = new AbortController();
  // A set of our own: signals that depend on one long-lived signal would pile up on it.
  const underWay = new Set<AbortController>();

  const raw = async <Answer>(call: RpcCall<Answer>): Promise<Answer> => {
    if (closing.signal.aborted) throw new SessionClosed();
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(new RpcTimeout(call.timeoutMs)), call.timeoutMs);
    underWay.add(controller);
    // Raced, so that a transport that ignores its signal cannot hold the caller.
    const givenUp = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => givenUp.reject(signal.reason), { once: true });
    try {
      return await Promise.race([call.request(rpc, signal), givenUp.promise]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
      underWay.delete(controller);
    }
  };

  const errorOf: RpcSession['errorOf'] = (fault, error, method, mayHaveLanded) =>
    new ChainError({
      code: fault.code,
      chain: 'solana',
      message: `${fault.message} (${method} at ${endpoint.host})`,
      details: { ...fault.details, method, host: endpoint.host },
      ...(fault.retryable === undefined ? {} : { retryable: fault.retryable }),
      mayHaveLanded,
      cause: safeCause(error, endpoint.redact),
    });

  return {
    endpoint,
    closed: closing.signal,
    raw,
    errorOf,
    async call(call) {
      for (let isRetry = false; ; isRetry = true) {
        try {
          return await raw(call);
        } catch (error) {
          const fault = faultOf(error, { now: clock.now() });
          if (fault.code === 'NETWORK_ERROR' && !isRetry) continue;
          throw errorOf(fault, error, call.method, call.mayHaveLanded ?? false);
        }
      }
    },
    close() {
      closing.abort(new SessionClosed());
      for (const controller of underWay) controller.abort(new SessionClosed());
      underWay.clear();
    },
  };
}
