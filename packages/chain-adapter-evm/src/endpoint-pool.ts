import { ChainError } from '@waiaas/core';
import { http } from 'viem';
import { type Breaker, createBreaker } from './breaker.ts';
import { type Endpoint, readEndpoint, redactText } from './endpoint.ts';
import { faultOf } from './fault-of.ts';
import { NodeFault } from './node-fault.ts';
import type { EvmSettings } from './options.ts';
import { quantityOf, UnexpectedAnswer } from './rpc-answer.ts';
import { RpcTimeout, SessionClosed } from './rpc-limits.ts';
import { safeCause } from './safe-cause.ts';
import { createSilence, type Silence } from './silence.ts';

/** One node, for the time of one piece of work. What it tells in that time is told by one and the same endpoint. */
export interface EvmNode {
  readonly host: string;
  /**
   * Sends one request, once. Ends within its time limit.
   * @throws NodeFault
   */
  request(method: string, params: readonly unknown[], timeoutMs?: number): Promise<unknown>;
}

/** Work at one endpoint: one request, or several that must be answered by the same node. */
export type NodeWork<Result> = (node: EvmNode) => Promise<Result>;

/** An endpoint and what is known of it. */
export interface PoolMember {
  readonly host: string;
  /** For how long it has given no word on what became of payments. */
  readonly silence: Silence;
}

/** The endpoints of a network between `connect` and `disconnect`, best first (00 "RPC"). */
export interface EndpointPool {
  /** Aborts at disconnect. */
  readonly closed: AbortSignal;
  /** Checks every endpoint. @throws ChainError WRONG_NETWORK when one serves another chain; RPC_ERROR or NETWORK_ERROR when none answers */
  verify(): Promise<void>;
  /** Which endpoints to try, in which order. Endpoints of another chain are never among them. */
  candidates(): readonly PoolMember[];
  /** Does work at one endpoint. @throws NodeFault */
  at<Result>(member: PoolMember, work: NodeWork<Result>): Promise<Result>;
  /**
   * Does work at the best endpoint, and where that fails at the next. For work that may be repeated.
   * @param mayHaveLanded what an error says of transactions sent earlier; default: nothing was handed over
   * @throws ChainError
   */
  run<Result>(work: NodeWork<Result>, mayHaveLanded?: boolean): Promise<Result>;
  /** Turns a fault into the error to throw: host only, a cause without URLs and bytes. */
  errorOf(fault: NodeFault, mayHaveLanded: boolean): ChainError;
  close(): void;
}

interface Member extends PoolMember {
  readonly endpoint: Endpoint;
  readonly breaker: Breaker;
  readonly send: ReturnType<ReturnType<typeof http>>['request'];
  /** Whether it serves the right chain; asked again after it was out of order, for another node may answer then. */
  chain: 'unknown' | 'right' | 'wrong';
}

/**
 * Opens the endpoints. Every request has a time limit and ends when the pool is closed (02 §6).
 * @throws ChainError RPC_ERROR, not retryable, when there is none or one is not usable.
 */
export function openEndpointPool(urls: readonly string[], settings: EvmSettings): EndpointPool {
  const { chain, network, parameters, clock, logger, readMs, refuse } = settings;
  if (urls.length === 0) throw refuse('RPC_ERROR', 'No RPC endpoint is configured for this network');
  const members = urls.map((url): Member => {
    const endpoint = readEndpoint(url);
    if (endpoint === null) {
      throw refuse('RPC_ERROR', 'An RPC endpoint must be an http or https URL without user name and password');
    }
    // Time limits and further tries are ours: the library's errors would hold the request, and its retries hide faults.
    const transport = http(endpoint.url, { retryCount: 0, timeout: 0 })({ retryCount: 0, timeout: 0 });
    return {
      host: endpoint.host,
      endpoint,
      breaker: createBreaker(),
      silence: createSilence(),
      send: transport.request,
      chain: 'unknown',
    };
  });
  const closing = new AbortController();
  // A set of our own: signals that depend on one long-lived signal would pile up on it.
  const underWay = new Set<AbortController>();

  async function timed<Answer>(timeoutMs: number, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    if (closing.signal.aborted) throw new SessionClosed();
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(new RpcTimeout(timeoutMs)), timeoutMs);
    underWay.add(controller);
    // Raced, so that a transport that ignores its signal cannot hold the caller.
    const givenUp = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => givenUp.reject(signal.reason), { once: true });
    try {
      return await Promise.race([ask(signal), givenUp.promise]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
      underWay.delete(controller);
    }
  }

  const nodeOf = (member: Member): EvmNode => ({
    host: member.host,
    async request(method, params, timeoutMs = readMs) {
      try {
        return await timed(timeoutMs, (signal) => member.send({ method, params }, { signal, retryCount: 0 }));
      } catch (error) {
        throw faultAt(member, method, error);
      }
    },
  });

  const faultAt = (member: Member, method: string, error: unknown): NodeFault =>
    new NodeFault(faultOf(error, clock.now()), { host: member.host, method }, safeCause(error, member.endpoint.redact));

  const wrongNetwork = (member: Member, served: string): ChainError =>
    refuse('WRONG_NETWORK', `The node at ${member.host} does not serve ${chain} ${network}`, {
      details: { host: member.host, network, expected: parameters.chainId, served },
    });

  /** Asks an endpoint which chain it serves, unless that is known. */
  async function checkChain(member: Member, node: EvmNode): Promise<void> {
    if (member.chain === 'unknown') {
      const served = quantityOf(await node.request('eth_chainId', []), 'chain id');
      member.chain = served === BigInt(parameters.chainId) ? 'right' : 'wrong';
      if (member.chain === 'wrong') {
        logger.error({ host: member.host, network, served: served.toString() }, 'An RPC endpoint serves another chain');
        throw wrongNetwork(member, served.toString());
      }
    }
    if (member.chain === 'wrong') throw wrongNetwork(member, 'another chain');
  }

  async function at<Result>(candidate: PoolMember, work: NodeWork<Result>): Promise<Result> {
    const member = members.find((each) => each === candidate);
    if (member === undefined) throw new RangeError('Not a member of this pool');
    const node = nodeOf(member);
    try {
      await checkChain(member, node);
      const result = await work(node);
      member.breaker.succeeded();
      return result;
    } catch (error) {
      const failed = error instanceof UnexpectedAnswer ? faultAt(member, 'answer', error) : error;
      if (failed instanceof NodeFault) {
        if (failed.fault.kind === 'endpoint') {
          member.breaker.failed(clock.now());
          if (member.breaker.until > 0 && member.chain === 'right') member.chain = 'unknown';
        } else member.breaker.succeeded();
      }
      throw failed;
    }
  }

  const errorOf: EndpointPool['errorOf'] = ({ fault, host, method, cause }, mayHaveLanded) =>
    new ChainError({
      code: fault.code,
      chain,
      message: `${fault.message} (${method} at ${host})`,
      details: { ...fault.details, method, host },
      ...(fault.retryable === undefined ? {} : { retryable: fault.retryable }),
      mayHaveLanded,
      cause,
    });

  /** Those that work, in their order; then, should none of them answer, the others, the one that rested longest first. */
  function candidates(): readonly Member[] {
    const usable = members.filter((member) => member.chain !== 'wrong');
    const now = clock.now();
    const resting: Member[] = [];
    const working = usable.filter((member) => {
      if (member.breaker.ask(now) !== 'open') return true;
      resting.push(member);
      return false;
    });
    return [...working, ...resting.sort((a, b) => a.breaker.until - b.breaker.until)];
  }

  return {
    closed: closing.signal,
    async verify() {
      const outcomes = await Promise.allSettled(members.map((member) => at(member, async () => undefined)));
      const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      const wrong = errors.find((error) => error instanceof ChainError);
      if (wrong !== undefined) throw wrong;
      if (errors.length < members.length) return;
      const [first] = errors;
      throw first instanceof NodeFault ? errorOf(first, false) : first;
    },
    candidates,
    at,
    errorOf,
    async run(work, mayHaveLanded = false) {
      let last: NodeFault | undefined;
      for (const member of candidates()) {
        try {
          return await at(member, work);
        } catch (error) {
          if (error instanceof ChainError && error.code === 'WRONG_NETWORK') continue;
          if (!(error instanceof NodeFault)) throw error;
          last = error;
          if (error.fault.kind === 'answer') break;
          logger.debug({ host: member.host, method: error.method, error: error.message }, 'An RPC endpoint failed');
        }
      }
      if (last !== undefined) throw errorOf(last, mayHaveLanded);
      throw new ChainError({
        code: 'WRONG_NETWORK',
        chain,
        message: `No RPC endpoint serves ${chain} ${network}`,
        mayHaveLanded,
      });
    },
    close() {
      closing.abort(new SessionClosed());
      for (const controller of underWay) controller.abort(new SessionClosed());
      underWay.clear();
    },
  };
}

/** For errors of unknown origin: removes what must not be shown. */
export const redactUnknown = (error: unknown): Error => safeCause(error, redactText);
