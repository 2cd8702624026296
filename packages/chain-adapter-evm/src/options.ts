import { type Chain, ChainError, type Clock, type Logger, type Network } from '@waiaas/core';
import { type EvmNetwork, evmNetwork } from './evm-network.ts';
import type { PendingTransactions } from './pending-transactions.ts';
import { type Refuse, refusals } from './refuse.ts';
import { type Sleep, sleepReal } from './sleep.ts';

/** Time limits of single RPC calls, ms. */
export interface EvmTimeouts {
  /** Look-ups. Default 5,000. */
  readonly readMs?: number;
  /** Simulation and sending. Default 10,000. */
  readonly sendMs?: number;
}

/** What an EVM adapter is made of. */
export interface EvmAdapterOptions {
  readonly chain: Chain;
  /** One of the networks of the chain. */
  readonly network: Network;
  /** RPC endpoints in order of preference, http or https. May carry an API key: only their hosts are ever shown. */
  readonly endpoints: readonly string[];
  /** What was signed and recorded and may still land. Nonces are chosen by it, so it must be durable (02 §19.2). */
  readonly pending: PendingTransactions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeouts?: EvmTimeouts;
  /** Parameters of the network that differ from the built-in ones. */
  readonly parameters?: Partial<EvmNetwork>;
  /**
   * How long a signed transaction may take to be handed in before its nonce is given to another, ms. Default 15,000. It is
   * refused from then on.
   */
  readonly signedMs?: number;
  /**
   * How long a payment waits for those of the same wallet that are being signed and sent, ms, before it is refused. Default
   * 25,000: a little less than callers give a whole execution.
   */
  readonly turnMs?: number;
  /** How to wait between looks. Tests give one that moves their clock. */
  readonly sleep?: Sleep;
}

/** Options with every default filled in. */
export interface EvmSettings {
  readonly chain: Chain;
  readonly network: Network;
  readonly parameters: EvmNetwork;
  readonly endpoints: readonly string[];
  readonly pending: PendingTransactions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readMs: number;
  readonly sendMs: number;
  readonly signedMs: number;
  readonly turnMs: number;
  readonly sleep: Sleep;
  readonly refuse: Refuse;
}

/**
 * Fills in the defaults.
 * @throws ChainError CHAIN_NOT_SUPPORTED when the chain is no EVM chain or has no such network.
 */
export function settingsOf(options: EvmAdapterOptions): EvmSettings {
  const { chain, network } = options;
  const parameters = evmNetwork(chain, network);
  if (parameters === undefined) {
    throw new ChainError({
      code: 'CHAIN_NOT_SUPPORTED',
      chain,
      message: `There is no network "${network}" of ${chain} in this adapter`,
      details: { chain, network },
      mayHaveLanded: false,
    });
  }
  return {
    chain,
    network,
    parameters: { ...parameters, ...options.parameters },
    endpoints: options.endpoints,
    pending: options.pending,
    clock: options.clock,
    logger: options.logger,
    readMs: options.timeouts?.readMs ?? 5_000,
    sendMs: options.timeouts?.sendMs ?? 10_000,
    signedMs: options.signedMs ?? 15_000,
    turnMs: options.turnMs ?? 25_000,
    sleep: options.sleep ?? sleepReal,
    refuse: refusals(chain),
  };
}
