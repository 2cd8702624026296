import type { AgentId, Chain, Clock, IChainAdapter, IdGenerator, Logger, Network, RowSealer } from '@waiaas/core';
import type { PermitMint, SigningPermit } from '@waiaas/keystore';
import type { Storage } from '@waiaas/storage';
import type { PipelineSettings } from './settings.ts';

/** What the pipeline needs of the keystore: a signature for a permit, and nothing else. */
export interface Signer {
  readonly isUnlocked: boolean;
  sign(permit: SigningPermit, message: Uint8Array): Uint8Array;
}

/** What the pipeline needs of the keystore for agents that have ended. */
export interface KeyArchive {
  /** Puts the key of an agent away for good: it is kept, and loaded no more. Does nothing for one that is away. */
  archiveKey(agentId: AgentId): Promise<void>;
  /** Loads a key that is away, for as long as it takes to send back what came too late. Does nothing for one that is loaded. */
  restoreKey(agentId: AgentId): Promise<void>;
}

/** Where the adapter of a network comes from. */
export interface AdapterProvider {
  /** The adapter of a network, connected or not; undefined when this daemon has none for it. */
  find(chain: Chain, network: Network): IChainAdapter | undefined;
}

/** Whether signatures may be produced at all; the keystore asks the same gate once more while it signs (00 §3). */
export interface Gate {
  readonly isOpen: boolean;
  /** Moves on whenever the gate is closed or opened: what was decided in an earlier epoch is not signed. */
  readonly epoch: number;
}

/** Ways to reach the owner right now. */
export interface OwnerReach {
  /** Notification channels that can reach the owner. */
  reachableChannels(): number;
}

/** Whether anybody could have stopped a payment when its time came. */
export interface Watchfulness {
  /**
   * Since when the daemon has been awake without a gap, epoch ms: its start, or the end of the last sleep of its machine, or
   * of the last of several short ones. What came due before, did so while the owner could not veto it (04 §20).
   */
  readonly awakeSince: number;
}

/** Waiting, injected so that tests drive it. */
export interface Timers {
  /** Resolves after a while, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Everything the pipeline works with. All of it is required: a missing part must not make a step do nothing. */
export interface PipelineDependencies {
  readonly storage: Storage;
  readonly signer: Signer;
  readonly archive: KeyArchive;
  readonly permits: PermitMint;
  readonly gate: Gate;
  readonly sealer: RowSealer;
  readonly adapters: AdapterProvider;
  readonly owner: OwnerReach;
  readonly clock: Clock;
  readonly watch: Watchfulness;
  readonly timers: Timers;
  readonly ids: IdGenerator;
  readonly logger: Logger;
  readonly settings: PipelineSettings;
}
