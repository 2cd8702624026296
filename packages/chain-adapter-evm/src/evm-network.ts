import type { Chain, Network } from '@waiaas/core';

/** A chain this package can serve. */
export type EvmChain = Exclude<Chain, 'solana'>;

/** When a block can no longer vanish. */
export type Finality =
  /** The chain says so itself, under the block tag `finalized`. */
  | { readonly kind: 'tag' }
  /** As soon as this many blocks, itself included, are on top of each other: for chains that say nothing. */
  | { readonly kind: 'depth'; readonly blocks: number };

/** What differs from one EVM network to the next (02 §19.2). */
export interface EvmNetwork {
  /** Chain id of EIP-155: part of what is signed, so that no other chain takes the bytes. */
  readonly chainId: number;
  /** Blocks, the transaction's own included, after which it counts as confirmed. */
  readonly confirmations: number;
  readonly finality: Finality;
  /** Longest pause between two looks at an unconfirmed transaction, ms: about the time between blocks. */
  readonly pollMs: number;
  /** Bounds of the tip for each unit of gas, wei, whatever the node suggests. */
  readonly minTip: bigint;
  readonly maxTip: bigint;
  /** Most that one payment may cost in fees, wei of the native asset. A node cannot make a wallet burn more. */
  readonly maxFee: bigint;
  /** Whether a fee for data on the layer below is charged on top of gas, told by the gas-price oracle of the OP stack. */
  readonly hasDataFee: boolean;
}

const GWEI = 10n ** 9n;
const MILLI = 10n ** 15n;
const TAG: Finality = { kind: 'tag' };

const ETHEREUM = {
  confirmations: 4,
  finality: TAG,
  pollMs: 4_000,
  minTip: GWEI / 100n,
  maxTip: 50n * GWEI,
  maxFee: 50n * MILLI,
  hasDataFee: false,
} as const;

/** Blocks every two seconds, and tips below 25 gwei are not passed on. */
const POLYGON = {
  confirmations: 16,
  finality: TAG,
  pollMs: 2_000,
  minTip: 25n * GWEI,
  maxTip: 1_000n * GWEI,
  maxFee: 5_000n * MILLI,
  hasDataFee: false,
} as const;

/** One sequencer orders all transactions, for no tip; its blocks are undone only together with those of the layer below. */
const ROLLUP = {
  confirmations: 4,
  finality: TAG,
  pollMs: 1_000,
  minTip: 0n,
  maxTip: GWEI,
  maxFee: 10n * MILLI,
} as const;
/** What Arbitrum charges for data is in its gas estimates. */
const ARBITRUM = { ...ROLLUP, hasDataFee: false } as const;
const BASE = { ...ROLLUP, hasDataFee: true } as const;

const NETWORKS: Readonly<Record<EvmChain, Readonly<Partial<Record<Network, EvmNetwork>>>>> = {
  ethereum: {
    mainnet: { ...ETHEREUM, chainId: 1 },
    sepolia: { ...ETHEREUM, chainId: 11_155_111 },
    // A development node makes a block for each transaction and none without: nothing would ever be final by its tag.
    localnet: { ...ETHEREUM, chainId: 31_337, confirmations: 1, finality: { kind: 'depth', blocks: 1 }, pollMs: 500 },
  },
  polygon: { mainnet: { ...POLYGON, chainId: 137 }, amoy: { ...POLYGON, chainId: 80_002 } },
  arbitrum: { mainnet: { ...ARBITRUM, chainId: 42_161 }, sepolia: { ...ARBITRUM, chainId: 421_614 } },
  base: { mainnet: { ...BASE, chainId: 8_453 }, sepolia: { ...BASE, chainId: 84_532 } },
};

/** The parameters of a network; undefined when the chain has no such network. */
export const evmNetwork = (chain: Chain, network: Network): EvmNetwork | undefined =>
  chain === 'solana' ? undefined : NETWORKS[chain][network];
