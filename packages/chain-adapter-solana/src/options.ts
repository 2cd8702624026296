import { ChainError, type Clock, isNetworkOf, type Logger, type Network } from '@waiaas/core';
import { genesisHashOf } from './genesis.ts';
import type { RequestRules } from './request-check.ts';
import { type Sleep, sleepReal } from './sleep.ts';

/** Time limits of single RPC calls, ms. kit sets none of its own (02 §6). */
export interface SolanaTimeouts {
  /** Look-ups. Default 5,000. */
  readonly readMs?: number;
  /** Simulation and sending. Default 10,000. */
  readonly sendMs?: number;
}

/** What a Solana adapter is made of. */
export interface SolanaAdapterOptions {
  /** One of the networks of chain `solana`. */
  readonly network: Network;
  /** RPC endpoints in order of preference, http or https. May carry an API key: only their hosts are ever shown. */
  readonly endpoints: readonly string[];
  /**
   * WebSocket endpoints in order of preference, ws or wss. They only make confirmations faster. Default: none, every
   * confirmation is asked for.
   */
  readonly webSockets?: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Genesis hash the node must have. Default: the public one of the network; for localnet none. */
  readonly expectedGenesisHash?: string;
  readonly timeouts?: SolanaTimeouts;
  /** Most a payment may bid on top of the base fee, lamports. Default 100,000. */
  readonly maxPriorityFeeLamports?: bigint;
  /**
   * Whether to pay addresses nobody has a key of, such as the vault of a multisig. Most of them belong to programs that cannot
   * give back what they are paid. Default: no.
   */
  readonly allowProgramDerivedRecipients?: boolean;
  /** Longest pause between two looks at an unconfirmed transaction, ms. Default 2,000. */
  readonly pollMs?: number;
  /** How to wait. Tests give one that moves their clock. */
  readonly sleep?: Sleep;
}

/** Options with every default filled in. */
export interface SolanaSettings {
  readonly network: Network;
  readonly endpoints: readonly string[];
  readonly webSockets: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly expectedGenesisHash: string | undefined;
  readonly readMs: number;
  readonly sendMs: number;
  readonly maxPriorityFee: bigint;
  readonly rules: RequestRules;
  readonly pollMs: number;
  readonly sleep: Sleep;
}

/**
 * Fills in the defaults.
 * @throws ChainError CHAIN_NOT_SUPPORTED when the network is not one of Solana's.
 */
export function settingsOf(options: SolanaAdapterOptions): SolanaSettings {
  if (!isNetworkOf('solana', options.network)) {
    throw new ChainError({
      code: 'CHAIN_NOT_SUPPORTED',
      chain: 'solana',
      message: `Solana has no network "${options.network}"`,
      details: { network: options.network },
      mayHaveLanded: false,
    });
  }
  return {
    network: options.network,
    endpoints: options.endpoints,
    webSockets: options.webSockets ?? [],
    clock: options.clock,
    logger: options.logger,
    expectedGenesisHash: options.expectedGenesisHash ?? genesisHashOf(options.network),
    readMs: options.timeouts?.readMs ?? 5_000,
    sendMs: options.timeouts?.sendMs ?? 10_000,
    maxPriorityFee: options.maxPriorityFeeLamports ?? 100_000n,
    rules: { allowsProgramDerived: options.allowProgramDerivedRecipients ?? false },
    pollMs: options.pollMs ?? 2_000,
    sleep: options.sleep ?? sleepReal,
  };
}
