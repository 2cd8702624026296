import { ChainError } from '@waiaas/core';
import { type Fault, type FaultPlan, type NetworkCall, noFaults } from './faults.ts';
import { refusal } from './request-check.ts';

/** How calls reach the fake network. */
export interface ReachOptions {
  readonly faults?: FaultPlan;
  /** Called before every call that reaches the network: for delays, counting, killing. */
  readonly onCall?: (call: NetworkCall) => Promise<void> | void;
  /** Lets the time pass that a node takes which does not answer. Without it, `no-answer` fails at once. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** The time-out of a call, ms: what `no-answer` takes. */
const TIMEOUT = 10_000;

/** Faults whose call took effect although the caller gets an error. */
export const UNHEARD: ReadonlySet<Fault | undefined> = new Set<Fault>(['lost-answer', 'no-answer', 'garbled-answer']);

/** The error of a call that got lost. */
export const networkError = (mayHaveLanded: boolean): ChainError =>
  new ChainError({ code: 'NETWORK_ERROR', chain: 'solana', message: 'The connection was reset', mayHaveLanded });

/** The error of a call that took effect and whose answer did not arrive; null where it has arrived. */
export function unheard(fault: Fault | undefined, mayHaveLanded: boolean): ChainError | null {
  if (!UNHEARD.has(fault)) return null;
  if (fault !== 'garbled-answer') return networkError(mayHaveLanded);
  return new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'The answer could not be read', mayHaveLanded });
}

/** The way to the network, connected from the start. */
export function createReach({ faults = noFaults, onCall, sleep }: ReachOptions) {
  let connected = true;

  /** Answers what goes wrong with a call that has reached the network. @throws ChainError when it has not */
  async function reach(call: NetworkCall): Promise<Fault | undefined> {
    await onCall?.(call);
    if (!connected) throw refusal('RPC_ERROR', 'Call connect first');
    const fault = faults(call);
    if (fault === 'lost-request') throw networkError(true);
    if (fault === 'no-answer') await sleep?.(TIMEOUT);
    if (fault === 'rate-limited') throw new ChainError({ code: 'RPC_ERROR', chain: 'solana', message: 'HTTP 429' });
    return fault;
  }

  return {
    reach,
    /** A call that changes nothing. */
    async ask(call: NetworkCall, mayHaveLanded = true): Promise<Fault | undefined> {
      const fault = await reach(call);
      if (UNHEARD.has(fault) || fault === 'refused') {
        throw unheard(fault, mayHaveLanded) ?? networkError(mayHaveLanded);
      }
      return fault;
    },
    connection: {
      connect: async (): Promise<void> => {
        connected = true;
      },
      disconnect: async (): Promise<void> => {
        connected = false;
      },
      isConnected: () => connected,
      async getHealth() {
        if (!connected) return { healthy: false, latency: -1 };
        return { healthy: faults('getHealth') === undefined, latency: 0 };
      },
    },
  };
}
