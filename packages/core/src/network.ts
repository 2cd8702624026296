import { z } from 'zod';

/** Chains the domain has words for (02 §2.1). Which of them a daemon can use depends on its adapters. */
export const CHAINS = ['solana', 'ethereum', 'polygon', 'arbitrum', 'base'] as const;
export const chainSchema = z.enum(CHAINS);
/** A chain. */
export type Chain = (typeof CHAINS)[number];

/**
 * Kinds of wallet an owner can have: what the signatures of 03 §5 are defined for. A wallet of any EVM chain signs as one of
 * `ethereum`; its signatures are about the daemon, not about a chain.
 */
export const OWNER_CHAINS = ['solana', 'ethereum'] as const;
export const ownerChainSchema = z.enum(OWNER_CHAINS);
/** A kind of wallet an owner can have. */
export type OwnerChain = (typeof OWNER_CHAINS)[number];

/** Networks of all chains (02 §2.1, 00 §3 for localnet). */
export const NETWORKS = ['mainnet-beta', 'devnet', 'testnet', 'localnet', 'mainnet', 'sepolia', 'amoy'] as const;
export const networkSchema = z.enum(NETWORKS);
/** A network of a chain. */
export type Network = (typeof NETWORKS)[number];

/** What money a chain counts in. */
export interface NativeAsset {
  readonly symbol: string;
  /** Fraction digits of one whole unit. */
  readonly decimals: number;
  /** The largest amount the chain can express, in base units. */
  readonly max: bigint;
}

const U64_MAX = 2n ** 64n - 1n;
const U256_MAX = 2n ** 256n - 1n;

const NATIVE_ASSETS: Readonly<Record<Chain, NativeAsset>> = {
  solana: { symbol: 'SOL', decimals: 9, max: U64_MAX },
  ethereum: { symbol: 'ETH', decimals: 18, max: U256_MAX },
  polygon: { symbol: 'POL', decimals: 18, max: U256_MAX },
  arbitrum: { symbol: 'ETH', decimals: 18, max: U256_MAX },
  base: { symbol: 'ETH', decimals: 18, max: U256_MAX },
};

/** The native asset of a chain. */
export const nativeAsset = (chain: Chain): NativeAsset => NATIVE_ASSETS[chain];

const NETWORKS_OF_CHAIN: Readonly<Record<Chain, readonly Network[]>> = {
  solana: ['mainnet-beta', 'devnet', 'testnet', 'localnet'],
  ethereum: ['mainnet', 'sepolia', 'localnet'],
  polygon: ['mainnet', 'amoy'],
  arbitrum: ['mainnet', 'sepolia'],
  base: ['mainnet', 'sepolia'],
};

/** The networks of a chain, in the order they are offered to people. */
export const networksOf = (chain: Chain): readonly Network[] => NETWORKS_OF_CHAIN[chain];

/** Whether a chain has a network; agents are only created on pairs for which this holds (02 §2.1). */
export const isNetworkOf = (chain: Chain, network: Network): boolean => NETWORKS_OF_CHAIN[chain].includes(network);

/**
 * The configuration key of a network: the same word but for `mainnet-beta`, which is `mainnet` there (02 §2.1).
 * The only place where the two meet.
 */
export const networkConfigKey = (network: Network): string => (network === 'mainnet-beta' ? 'mainnet' : network);
